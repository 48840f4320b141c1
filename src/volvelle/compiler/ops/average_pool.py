"""The mean of every window."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.windows import Windows, cut, windows
from volvelle.compiler.windows import overlap as windowed

OP = "AveragePool"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Of what lies inside, and of the margin where it counts."""
    slide = _slide(node, x.shape)
    inside = np.ones(slide.size, x.dtype)
    if node.attributes.get("count_include_pad"):
        ends = (slide.begin[0], slide.end[0]), (slide.begin[1], slide.end[1])
        inside = np.pad(inside, ends, constant_values=1)
        held = Windows(inside.shape, slide.out, slide.kernel, slide.stride, slide.dilation, (0, 0), (0, 0))
        count = cut(held, inside, 0).sum(axis=(3, 4))
    else:
        count = cut(slide, inside, 0).sum(axis=(3, 4))
    seen = cut(slide, x[0], 0)
    # Column by column: before a quantiser the last bit may matter.
    columns = (reduce(np.add, (seen[..., i, j] for i in range(slide.kernel[0]))) for j in range(slide.kernel[1]))
    made = reduce(np.add, columns) / count
    return np.asarray(made, dtype=x.dtype).reshape(slide.shape(x.shape[1], x.ndim))


def emit(node: Node, code: Code) -> None:
    """Window by window."""
    shape = code.tensor(node.inputs[0]).shape
    slide = _slide(node, shape)
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    margin = f"{int(bool(node.attributes.get('count_include_pad')))}, {slide.end[0]}, {slide.end[1]}"
    code.add(f"vv_mean_pool_{code.suffix(node.inputs[0])}({x}, {y}, {margin}, {shape[1]}, {slide.numbers()});")


def overlap(node: Node, graph: Graph) -> Overlap:
    """Channel by channel."""
    shape = graph.tensors[node.inputs[0]].shape
    return windowed(_slide(node, shape), shape[1])


def _slide(node: Node, shape: tuple[int, ...]) -> Windows:
    return windows(node, shape, tuple(node.attributes["kernel_shape"]))
