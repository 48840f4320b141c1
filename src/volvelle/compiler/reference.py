"""The answers of a graph in NumPy: those that exact arithmetic would give, or those of the types in the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph


def exact(graph: Graph, row: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Every value for one row, with real numbers in double precision.

    Args:
        graph: as it was read or lowered.
        row: the inputs, each of the shape in the graph.
    """
    return _evaluated(graph, row, _wide)


def typed(graph: Graph, row: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Every value for one row, in the precision of the graph."""
    return _evaluated(graph, row, np.asarray)


def plain(graph: Graph, row: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Every output for one row, flat, in the precision of the graph."""
    known = typed(graph, row)
    return [known[o].reshape(-1) for o in graph.outputs]


def _evaluated(
    graph: Graph, row: Mapping[str, NDArray[Any]], kept: Callable[[NDArray[Any]], NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Every value of the graph, each as it is kept."""
    known = {name: kept(t.value) for name, t in graph.tensors.items() if t.value is not None}
    known |= {name: kept(row[name].reshape(graph.tensors[name].shape)) for name in graph.inputs}
    for node in graph.nodes:
        given = [known[i] if i else None for i in node.inputs]
        with np.errstate(all="ignore"):
            made = OPERATORS.load(node.op).evaluate(node, *given)
        answers = made if isinstance(made, tuple) else (made,)
        # A sum of one value into a larger shape is how Expand is lowered.
        wide = (np.broadcast_to(a, graph.tensors[o].shape) for o, a in zip(node.outputs, answers, strict=False) if o)
        known.update(zip((o for o in node.outputs if o), map(kept, wide), strict=False))
    return known


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype == np.float32 else array
