"""Classes that a lesson lacks: every score column stays in its place.

A fold may hold no row of a rare class. Libraries then number the classes anew and give fewer
columns; here a learner works on the classes it has *seen*, numbered 0 to s-1, and its scores are
spread to all classes afterwards: a class that was never seen scores 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.train.contract import Lesson


def seen_classes(lesson: Lesson) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The classes that occur, ascending ``[s]``, and each row's position among them ``[n]``.

    >>> x = np.zeros((3, 1), dtype=np.float32)
    >>> seen, y = seen_classes(Lesson(x=x, y=np.array([2, 0, 2]), task="multiclass", classes=4))
    >>> seen.tolist(), y.tolist()
    ([0, 2], [1, 0, 1])
    """
    seen, positions = np.unique(lesson.y, return_inverse=True)
    return seen.astype(np.int64), positions.astype(np.int64).reshape(-1)


def even(y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights ``[n]`` of mean 1 that give every seen class the same sum; `y` are positions of seen classes.

    >>> even(np.array([0, 0, 0, 1])).tolist()
    [0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 2.0]
    """
    counts = np.bincount(y)
    return np.asarray(len(y) / (len(counts) * counts[y]), dtype=np.float64)


def spread(scores: NDArray[Any], seen: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Scores ``[n, s]`` of the seen classes as float32 ``[n, classes]``; the others get 0.

    >>> spread(np.array([[0.25, 0.75]]), np.array([0, 2]), 3).tolist()
    [[0.25, 0.0, 0.75]]
    """
    wide = np.zeros((len(scores), classes), dtype=np.float32)
    wide[:, seen] = scores
    return wide


def emit_spread(graph: Graph, scores: Value, seen: NDArray[np.int64], classes: int) -> Value:
    """`spread` in the graph: one exact product with a matrix of zeros and ones, none when all were seen."""
    if len(seen) == classes:
        return scores
    selection = np.zeros((len(seen), classes), dtype=np.float32)
    selection[np.arange(len(seen)), seen] = 1.0
    return graph.node("MatMul", scores, graph.constant(selection), width=classes)


def certain(n: int, seen: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """The answer of a lesson with one class: it scores 1 on all `n` rows."""
    return spread(np.ones((n, 1)), seen, classes)


def emit_rows(graph: Graph, x: Value, values: NDArray[np.float32]) -> Value:
    """The same `values` ``[k]`` for every row of `x`, reading nothing of `x` but how many rows it has."""
    missing = graph.node("IsNaN", graph.columns(x, [0]), kind="bool")
    anything = graph.node("Or", missing, graph.node("Not", missing))
    row = graph.constant(np.asarray(values, dtype=np.float32).reshape(1, -1))
    return graph.node("Where", anything, row, row, kind="float", width=row.width)


def emit_certain(graph: Graph, x: Value, seen: NDArray[np.int64], classes: int) -> Value:
    """`certain` in the graph."""
    return emit_rows(graph, x, certain(1, seen, classes)[0])
