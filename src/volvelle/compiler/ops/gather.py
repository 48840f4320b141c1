"""Slices of x at the positions of an index."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.limits import room

OP = "Gather"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any], index: NDArray[Any]) -> NDArray[Any]:
    """Negative positions count from the end."""
    axis = node.attributes.get("axis", 0) % x.ndim
    room((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))
    return np.take(x, index, axis=axis, mode="raise")


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """Neighbouring positions of one row are a view."""
    index = graph.constant(node.inputs[1])
    shape = graph.tensors[node.inputs[0]].shape
    axis = node.attributes.get("axis", 0) % len(shape)
    if index is None or any(d != 1 for d in shape[:axis]):
        return None
    flat = np.where(index < 0, index + shape[axis], index).reshape(-1)
    if not np.array_equal(flat, np.arange(flat[0], flat[0] + flat.size)):
        return None
    return int(flat[0]) * int(np.prod(shape[axis + 1 :]))


def emit(node: Node, code: Code) -> None:
    """By a table of positions, or by an index that is held inside x: C must not read elsewhere."""
    if code.looks(node.outputs[0], node.inputs[0]) and offset(node, code.graph, 0) is not None:
        return
    shape = code.tensor(node.inputs[0]).shape
    axis = node.attributes.get("axis", 0) % len(shape)
    index = code.tensor(node.inputs[1])
    outer, size, below = int(np.prod(shape[:axis])), shape[axis], int(np.prod(shape[axis + 1 :]))
    if index.value is not None:
        table, _ = code.whole_table(np.where(index.value < 0, index.value + size, index.value))
        position = f"{table}[k]"
    else:
        held = code.element(node.inputs[1], "k")
        low, high = index.low, index.high
        inside = low is not None and high is not None and low >= 0 and high < size
        position = held if inside else f"vv_inside((int64_t){held}, {size})"
    lead, row = ("o * {} + ", f"for (int o = 0; o < {outer}; o++) ") if outer > 1 else ("", "")
    tail, last = (" + i", f"for (int i = 0; i < {below}; i++) ") if below > 1 else ("", "")
    source = lead.format(size * below) + (f"{position} * {below}" if below > 1 else position) + tail
    target = lead.format(index.size * below) + (f"k * {below}" if below > 1 else "k") + tail
    loop = f"for (int k = 0; k < {index.size}; k++) " if index.size > 1 else ""
    if not loop:
        source, target = (t.replace("[k]", "[0]").replace("k * ", "0 * ") for t in (source, target))
        target = "0" if target == "k" else target
        source = source.replace(code.element(node.inputs[1], "k"), code.element(node.inputs[1], "0"))
    code.add(f"{row}{loop}{last}{code.element(node.outputs[0], target)} = {code.element(node.inputs[0], source)};")


def bounds(node: Node, x: tuple[int, int] | None, index: tuple[int, int] | None) -> tuple[int, int] | None:
    """Those of x."""
    return x
