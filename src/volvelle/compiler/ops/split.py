"""x in parts along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node

OP = "Split"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], sizes: NDArray[Any] | None = None) -> tuple[NDArray[Any], ...]:
    """Equal parts, the last one smaller, if no sizes are told."""
    axis = node.attributes.get("axis", 0) % x.ndim
    told = node.attributes.get("split") if sizes is None else sizes
    count = len(node.outputs)
    widths = [-(-x.shape[axis] // count)] * count if told is None else [int(s) for s in told]
    return tuple(np.split(x, np.cumsum(widths)[:-1], axis=axis))


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """Parts of one row are views."""
    shape = graph.tensors[node.outputs[output]].shape
    axis = node.attributes.get("axis", 0) % len(shape)
    if any(d != 1 for d in shape[:axis]):
        return None
    return sum(graph.tensors[o].size for o in node.outputs[:output])


def emit(node: Node, code: Code) -> None:
    """Copies, where the parts are no views."""
    shape = code.tensor(node.inputs[0]).shape
    axis = node.attributes.get("axis", 0) % len(shape)
    outer, below = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
    at = 0
    for position, out in enumerate(node.outputs):
        width = code.tensor(out).shape[axis] * below
        if not code.looks(out, node.inputs[0]) or offset(node, code.graph, position) is None:
            source = code.element(node.inputs[0], f"o * {shape[axis] * below} + {at} + i")
            target = code.element(out, f"o * {width} + i")
            code.add(f"for (int o = 0; o < {outer}; o++) for (int i = 0; i < {width}; i++) {target} = {source};")
        at += width


def bounds(node: Node, x: tuple[int, int] | None, *others: Any) -> tuple[int, int] | None:
    """Those of x."""
    return x
