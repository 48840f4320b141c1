"""Float32 arithmetic that steps share: parameters are fitted in float64 and kept as float32 values.

The graph is the definition of a step. A parameter therefore is a number that float32 holds exactly,
and every quotient is clamped so that no finite input becomes infinite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value

LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).tiny)
BOUND = 1e6
"""Scaled numbers are clamped to plus or minus this; nothing useful lies beyond a million spreads."""


def known(block: NDArray[np.generic]) -> list[NDArray[np.float64]]:
    """The finite values of each column of ``[n, k]``, in row order."""
    columns = np.ascontiguousarray(np.asarray(block, dtype=np.float64).T)
    return [c[np.isfinite(c)] for c in columns]


def exact(values: Iterable[float]) -> list[float]:
    """Each value as the nearest finite float32.

    >>> exact([0.5, 1e300])
    [0.5, 3.4028234663852886e+38]
    """
    return [float(np.float32(min(max(v, -LARGEST), LARGEST))) for v in values]


def spreads(values: Iterable[float]) -> list[float]:
    """Like `exact`, with 1 where a spread is no normal float32 above 0 (a constant column).

    >>> spreads([2.0, 0.0, 1e-60])
    [2.0, 1.0, 1.0]
    """
    return [v if v >= SMALLEST else 1.0 for v in exact(values)]


def row(graph: Graph, values: Sequence[float] | NDArray[np.float32]) -> Value:
    """One float32 number a column, as a constant ``[k]``."""
    return graph.constant(np.asarray(values, dtype=np.float32))


def clamp(graph: Graph, x: Value, bound: float) -> Value:
    """`x` limited to plus or minus `bound`; missing stays missing."""
    return graph.node("Clip", x, graph.constant(np.float32(-bound)), graph.constant(np.float32(bound)))


def fill(graph: Graph, x: Value, values: Sequence[float]) -> Value:
    """``where(isnan(x), values, x)``; infinite numbers become the largest finite ones."""
    filled = graph.node(
        "Where", graph.node("IsNaN", x, kind="bool"), row(graph, values), x, kind="float", width=x.width
    )
    return clamp(graph, filled, LARGEST)


def scale(graph: Graph, x: Value, centre: Sequence[float], spread: Sequence[float]) -> Value:
    """``(x - centre) / spread``, clamped to `BOUND`."""
    moved = graph.node("Div", graph.node("Sub", x, row(graph, centre)), row(graph, spread))
    return clamp(graph, moved, BOUND)


def whole(graph: Graph, value: int) -> Value:
    """One int64 number, as a constant ``[1]``."""
    return graph.constant(np.asarray([value], dtype=np.int64))


def sides(graph: Graph, x: Value) -> tuple[Value, Value]:
    """The first and the second column of each pair: ``[N, 2k]`` to two of ``[N, k]``."""
    return graph.columns(x, list(range(0, x.width, 2))), graph.columns(x, list(range(1, x.width, 2)))


def paired(columns: Sequence[str], sign: str) -> tuple[str, ...]:
    """One name for each pair of columns.

    >>> paired(("a", "b", "c", "d"), "/")
    ('a / b', 'c / d')
    """
    return tuple(f"{one} {sign} {other}" for one, other in zip(columns[::2], columns[1::2], strict=True))
