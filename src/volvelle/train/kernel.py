"""Gaussian kernels in the graph, and the weights of pairwise machines."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value


def emit_gaussian(graph: Graph, x: Value, vectors: NDArray[np.float64], gamma: float) -> Value:
    """``exp(-gamma * |x - s|**2)`` for every row and support vector s: double ``[N, vectors]``.

    The square is expanded, ``|x|**2 - 2 x.s + |s|**2``, so that only one matrix of that size is held at a
    time; rounding may leave it slightly negative, which `Max` removes.
    """
    # Support vectors are rows of a float32 matrix: storing them as such loses nothing.
    points = graph.cast(graph.constant(vectors.T.astype(np.float32)), "double")
    lengths = graph.constant((vectors * vectors).sum(axis=1).reshape(1, -1))
    crossed = graph.node("Gemm", x, points, lengths, width=len(vectors), alpha=-2.0)
    axis = graph.constant(np.array([1]))
    own = graph.node("ReduceSum", graph.node("Mul", x, x), axis, width=1, keepdims=1)
    squared = graph.node("Max", graph.node("Add", crossed, own), graph.constant(np.array([0.0])))
    return graph.node("Exp", graph.node("Mul", squared, graph.constant(np.array([-gamma]))))


def pair_weights(machine: Any) -> NDArray[np.float64]:
    """Weights ``[vectors, pairs]`` of scikit-learn's one-against-one SVC, pairs (0,1), (0,2), ... in order.

    Row j of `dual_coef_` holds, for the vectors of class i, their weight against class j (j < i) or j + 1.
    """
    dual = np.asarray(machine.dual_coef_, dtype=np.float64)
    if len(machine.classes_) == 2:
        return dual.T
    ends = np.cumsum(machine.n_support_)
    span = [slice(end - count, end) for end, count in zip(ends, machine.n_support_, strict=True)]
    pairs = list(combinations(range(len(span)), 2))
    weights = np.zeros((dual.shape[1], len(pairs)))
    for column, (i, j) in enumerate(pairs):
        weights[span[i], column] = dual[j - 1, span[i]]
        weights[span[j], column] = dual[i, span[j]]
    return weights
