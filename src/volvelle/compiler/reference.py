"""The answers that exact arithmetic would give: the graph in NumPy, real numbers in double precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph


def exact(graph: Graph, row: Mapping[str, NDArray[Any]]) -> tuple[list[NDArray[np.float64]], float]:
    """Every output for one row, flat, and the largest finite number on the way.

    Args:
        graph: as it was read or lowered.
        row: the inputs, each of the shape in the graph.
    """
    known = {name: _wide(t.value) for name, t in graph.tensors.items() if t.value is not None}
    known |= {name: _wide(row[name].reshape(graph.tensors[name].shape)) for name in graph.inputs}
    for node in graph.nodes:
        given = [known[i] if i else None for i in node.inputs]
        with np.errstate(all="ignore"):
            made = OPERATORS.load(node.op).evaluate(node, *given)
        answers = made if isinstance(made, tuple) else (made,)
        known.update((name, _wide(np.asarray(a))) for name, a in zip(node.outputs, answers, strict=False))
    sizes = [np.abs(a[np.isfinite(a)]).max(initial=0.0) for a in known.values() if a.dtype == np.float64]
    return [np.asarray(known[o], dtype=np.float64).reshape(-1) for o in graph.outputs], float(max(sizes, default=0.0))


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype == np.float32 else array
