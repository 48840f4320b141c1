"""Convolution along one or two axes, in groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import holding
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.windows import Windows, cut, windows
from volvelle.compiler.windows import overlap as windowed
from volvelle.errors import ModelError

OP = "Conv"
DOMAIN = ""
CONSTANT = (1, 2)
COLUMN = 1024
"""Bytes of the stack that the channels of one place may take, before and behind."""


def evaluate(node: Node, x: NDArray[Any], w: NDArray[Any], b: NDArray[Any] | None = None) -> NDArray[Any]:
    """Window by window."""
    slide = check(node, x.shape, w)
    groups = node.attributes.get("group", 1)
    seen = cut(slide, x[0], 0).reshape(groups, -1, *slide.out, *slide.kernel)
    weights = w.reshape(groups, -1, w.shape[1], *slide.kernel)
    made = np.einsum("gcyxij,gocij->goyx", seen, weights).reshape(w.shape[0], *slide.out)
    made = made if b is None else made + b[:, None, None]
    return holding.limited(node, np.asarray(made, dtype=x.dtype)).reshape(slide.shape(w.shape[0], x.ndim))


def outline(node: Node, x: NDArray[Any], w: NDArray[Any], b: NDArray[Any] | None = None) -> NDArray[Any]:
    """Type and shape alone."""
    return np.zeros(check(node, x.shape, w).shape(w.shape[0], x.ndim), dtype=x.dtype)


def check(node: Node, shape: tuple[int, ...], w: NDArray[Any]) -> Windows:
    """The windows of a convolution.

    Raises:
        ModelError: channels, groups and weights do not belong together, or the numbers are not real.
    """
    groups = node.attributes.get("group", 1)
    if len(shape) != w.ndim or groups < 1 or shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ModelError(f"weights {list(w.shape)} in {groups} groups do not fit {list(shape)}")
    return windows(node, shape, w.shape[2:])


def deep(node: Node, slide: Windows, w: NDArray[Any]) -> bool:
    """Whether every channel is convolved by itself, by neighbours: these have a kernel of their own."""
    alone = node.attributes.get("group", 1) == len(w) > 1 and w.shape[1] == 1
    reached = all(k <= n for k, n in zip(slide.kernel, slide.size, strict=True))
    return alone and slide.dilation == (1, 1) and slide.kernel != (1, 1) and reached


def across(node: Node, slide: Windows, w: NDArray[Any], size: int) -> bool:
    """Whether all channels of one place are made before the next place, from a copy of its column on the stack.

    Args:
        node: the convolution.
        slide: its windows.
        w: its weights.
        size: of an element in bytes.
    """
    one = slide.kernel == slide.stride == (1, 1) and slide.out == slide.size
    return one and node.attributes.get("group", 1) == 1 and size * sum(w.shape[:2]) <= COLUMN


def overlap(node: Node, graph: Graph) -> Overlap:
    """Channel by channel, or place by place."""
    tensor, w = graph.tensors[node.inputs[0]], np.asarray(graph.constant(node.inputs[1]))
    slide, groups = check(node, tensor.shape, w), node.attributes.get("group", 1)
    found = windowed(slide, groups, w.shape[1], len(w) // groups)
    return Overlap(found.lead, level=across(node, slide, w, tensor.dtype.itemsize))


def emit(node: Node, code: Code) -> None:
    """Straight from the picture, without a copy of its windows."""
    write(node, code, "0")


def write(node: Node, code: Code, added: str) -> None:
    """The call of a kernel; `added` is where a value of the shape of the answers lies that is added to them, or 0."""
    shape = code.tensor(node.inputs[0]).shape
    w = np.asarray(code.tensor(node.inputs[1]).value)
    bias = code.table(code.tensor(node.inputs[2]).value) if len(node.inputs) > 2 and node.inputs[2] else "0"
    slide = check(node, shape, w)
    groups = node.attributes.get("group", 1)
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    sizes = f"{w.shape[1]}, {w.shape[0]}, {w.shape[0] // groups}"
    low, high = holding.bounds(node, code)
    if deep(node, slide, w):
        name = code.special("depth", real=code.kind(node.inputs[0]), tall=slide.kernel[0], wide=slide.kernel[1])
        code.add(f"{name}({x}, {code.table(w)}, {bias}, {y}, {low}, {high}, {len(w)}, {slide.sides()});")
        return
    if across(node, slide, w, code.tensor(node.inputs[0]).dtype.itemsize):
        facts = {"real": code.kind(node.inputs[0]), "channels": w.shape[1], "made": len(w)}
        name = code.special("across", **facts, places=slide.out[0] * slide.out[1])
        code.add(f"{name}({x}, {code.table(w)}, {bias}, {added}, {y}, {low}, {high});")
        return
    call = f"vv_conv_{code.suffix(node.inputs[0])}({x}, {code.table(w)}, {bias}, {added}, {y}, {low}, {high}"
    code.add(f"{call}, {sizes},", f"    {slide.numbers()});")
