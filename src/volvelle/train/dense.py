"""What the estimators on dense features share: limits of the input, linear maps, probabilities.

Sums run in double precision inside the graph, so that no order of summation shows after rounding the
answer to float32. Inputs are held within `HEADROOM` times the largest magnitude that training saw: a
sum can then never become ``inf - inf``, and a cell of 1e30 cannot swallow all other columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.train.classes import emit_spread

HEADROOM = 1024.0
_LARGEST = float(np.finfo(np.float32).max)


def limits(x: NDArray[np.float32], headroom: float = HEADROOM) -> NDArray[np.float32]:
    """How far each column may lie from zero, ``[f]``; 0 for a column that is 0 on all rows.

    >>> limits(np.array([[1.0, 0.0], [-3.0, 0.0]], dtype=np.float32)).tolist()
    [3072.0, 0.0]
    """
    far = np.abs(x).max(axis=0).astype(np.float64) * headroom
    return np.asarray(np.minimum(far, _LARGEST), dtype=np.float32)


def held(x: NDArray[np.float32], limit: NDArray[np.float32]) -> NDArray[np.float64]:
    """`x` within its limits, in double precision."""
    return np.clip(x, -limit, limit).astype(np.float64)


def emit_held(graph: Graph, x: Value, limit: NDArray[np.float32]) -> Value:
    """`held` in the graph."""
    row = limit.reshape(1, -1)
    lower = graph.node("Max", x, graph.constant(-row))
    return graph.cast(graph.node("Min", lower, graph.constant(row)), "double")


def emit_affine(graph: Graph, x: Value, weights: NDArray[Any], bias: NDArray[Any]) -> Value:
    """``x @ weights + bias`` in double precision: ``[N, f]`` times ``[f, k]``.

    Weights of type float32 are stored as such and widened in the graph.
    """
    matrix = graph.cast(graph.constant(weights), "double")
    return graph.node("Gemm", x, matrix, graph.constant(bias.astype(np.float64)), width=weights.shape[1])


def paired(weights: NDArray[Any], bias: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A single logit z ``[f, 1]`` as the two logits (0, z), whose softmax is (1 - sigmoid(z), sigmoid(z))."""
    if weights.shape[1] > 1:
        return weights, bias
    return np.hstack([np.zeros_like(weights), weights]), np.concatenate([np.zeros_like(bias), bias])


def emit_softmax(graph: Graph, logits: Value, seen: NDArray[np.int64], classes: int) -> Value:
    """Probabilities of logits ``[N, s]``, as float32 ``[N, classes]``."""
    shares = graph.cast(graph.node("Softmax", logits, axis=1), "float")
    return emit_spread(graph, shares, seen, classes)


def two_columns(p: NDArray[Any]) -> NDArray[Any]:
    """The share of class 1 as the shares of both classes ``[n, 2]``."""
    return np.column_stack([1.0 - p, p])


def standard(y: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of a target; 1 for a constant one."""
    scale = float(np.std(y))
    return float(np.mean(y)), scale if scale > 0 else 1.0
