"""A part of x along some axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.errors import ModelError

OP = "Slice"
DOMAIN = ""
CONSTANT = (1, 2, 3, 4)


def evaluate(node: Node, x: NDArray[Any], *given: NDArray[Any]) -> NDArray[Any]:
    """Starts, ends, axes and steps as inputs, or the first three as attributes."""
    return x[_slices(node, x.shape, given)]


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """Neighbours are a view."""
    positions = _positions(node, graph)
    return (
        int(positions[0]) if np.array_equal(positions, np.arange(positions[0], positions[0] + positions.size)) else None
    )


def emit(node: Node, code: Code) -> None:
    """By a table of positions."""
    if code.looks(node.outputs[0], node.inputs[0]) and offset(node, code.graph, 0) is not None:
        return
    table, _ = code.whole_table(_positions(node, code.graph))
    size = code.tensor(node.outputs[0]).size
    source, target = code.element(node.inputs[0], f"{table}[k]"), code.element(node.outputs[0], "k")
    code.add(f"for (int k = 0; k < {size}; k++) {target} = {source};")


def bounds(node: Node, x: tuple[int, int] | None, *others: Any) -> tuple[int, int] | None:
    """Those of x."""
    return x


def _positions(node: Node, graph: Graph) -> NDArray[np.int64]:
    tensor = graph.tensors[node.inputs[0]]
    given = [graph.constant(i) for i in node.inputs[1:]]
    if any(i and v is None for i, v in zip(node.inputs[1:], given, strict=True)):
        raise ModelError("Slice with computed bounds is not supported", next_move="export with constant bounds")
    places = np.arange(tensor.size).reshape(tensor.shape)
    return places[_slices(node, tensor.shape, tuple(given))].reshape(-1)


def _slices(node: Node, shape: tuple[int, ...], given: tuple[NDArray[Any] | None, ...]) -> tuple[slice, ...]:
    told = [None if v is None else [int(e) for e in np.atleast_1d(v)] for v in (*given, None, None, None, None)[:4]]
    starts = told[0] if told[0] is not None else node.attributes["starts"]
    ends = told[1] if told[1] is not None else node.attributes["ends"]
    axes = told[2] if told[2] is not None else node.attributes.get("axes", range(len(starts)))
    steps = told[3] if told[3] is not None else [1] * len(starts)
    found = [slice(None)] * len(shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # Downwards, an end below the first element means up to it.
        last = None if step < 0 and end < -shape[axis] else end
        found[axis] = slice(start, last, step)
    return tuple(found)
