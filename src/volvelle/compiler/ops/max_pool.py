"""The largest of every window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.windows import Windows, cut, windows
from volvelle.compiler.windows import overlap as windowed
from volvelle.errors import ModelError

OP = "MaxPool"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """A margin holds what is less than everything."""
    slide = _slide(node, x.shape)
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return np.asarray(cut(slide, x[0], least).max(axis=(3, 4)), dtype=x.dtype).reshape(slide.shape(x.shape[1], x.ndim))


def emit(node: Node, code: Code) -> None:
    """Window by window."""
    shape = code.tensor(node.inputs[0]).shape
    numbers = _slide(node, shape).numbers()
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    code.add(f"vv_max_pool_{code.suffix(node.inputs[0])}({x}, {y}, {shape[1]}, {numbers});")


def overlap(node: Node, graph: Graph) -> Overlap:
    """Channel by channel."""
    shape = graph.tensors[node.inputs[0]].shape
    return windowed(_slide(node, shape), shape[1])


def bounds(node: Node, x: tuple[int, int] | None) -> tuple[int, int] | None:
    """Those of x."""
    return x


def _slide(node: Node, shape: tuple[int, ...]) -> Windows:
    if len(node.outputs) > 1 and node.outputs[1]:
        raise ModelError("MaxPool with positions is not supported", next_move="export without its second output")
    return windows(node, shape, tuple(node.attributes["kernel_shape"]))
