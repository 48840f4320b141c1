"""k nearest neighbours by Euclidean distance: a vote, or a mean of the neighbours' values.

Features are rounded to whole numbers of a fine step (about a millionth of the largest magnitude), so that
squared distances are whole numbers below 2**53: exact in double precision whatever the order of the sum,
hence equal distances are equal everywhere and the earlier row wins. At most 5,000 rows are stored (a
seeded stratified sample). Values beyond twice the largest magnitude in training are held there.

Reference: Cover, Hart, Nearest neighbor pattern classification, IEEE Trans. Information Theory 13, 1967.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson
>>> x = np.array([[0.0], [1.0], [2.0], [9.0]], dtype=np.float32)
>>> lesson = Lesson(x=x, y=np.array([0, 0, 1, 1]), task="binary", classes=2)
>>> predict(fit(lesson, {"neighbours": 3, "weights": "equal"}), x[:1]).astype(str).tolist()
[['0.6666667', '0.33333334']]
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Choice, Int, Lesson, Settings, Space, View
from volvelle.train.rows import sample

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "dense"
COST = 7
ROWS = 5_000
BLOCK = 256
SPACE: Space = {
    "neighbours": Int(low=1, high=100, default=15, log=True),
    "weights": Choice(options=("equal", "distance"), default="distance"),
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Stored rows as whole numbers.

    Attributes:
        rows: float32 ``[r, f]``, whole numbers.
        answers: one-hot classes ``[r, classes]``, or values ``[r, 1]``, float64.
        limit: largest magnitude that is told apart, in units of the features.
        per_unit: steps in one unit of the features, a power of two.
        neighbours: how many answer.
        by_distance: they weigh 1 / distance; those at distance 0, if any, answer alone.
    """

    rows: NDArray[np.float32]
    answers: NDArray[np.float64]
    limit: float
    per_unit: float
    neighbours: int
    by_distance: bool


def fit(lesson: Lesson, settings: Settings) -> Stored:
    """Store the rows."""
    kept = sample(lesson.y, ROWS, lesson.seed, stratified=lesson.task != "regression")
    x, y = lesson.x[kept], lesson.y[kept]
    answers = np.eye(lesson.classes)[y] if lesson.classes else y.astype(np.float64).reshape(-1, 1)
    # 2 * bits + log2(f) + 2 <= 53: no partial sum of a squared distance can lose a bit. 24: rows fit float32.
    bits = min(24, (51 - ceil(log2(max(x.shape[1], 2)))) // 2)
    power = ceil(log2(max(float(np.abs(x).max()), 2.0**-60))) + 1
    limit, per_unit = 2.0**power, 2.0 ** (bits - power)
    return Stored(
        rows=_whole(x, limit, per_unit).astype(np.float32),
        answers=answers,
        limit=limit,
        per_unit=per_unit,
        neighbours=min(settings["neighbours"], len(kept)),
        by_distance=settings["weights"] == "distance",
    )


def predict(fitted: Stored, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """The definition in NumPy: squared distances, stable sort, weighted mean."""
    stored = fitted.rows.astype(np.float64)
    asked = _whole(x, fitted.limit, fitted.per_unit)
    answers = np.empty((len(x), fitted.answers.shape[1]), dtype=np.float32)
    for start in range(0, len(x), BLOCK):
        block = asked[start : start + BLOCK]
        # All terms are whole numbers below 2**53, so this is exactly the sum of squared differences.
        squared = (block**2).sum(axis=1)[:, None] - 2.0 * block @ stored.T + (stored**2).sum(axis=1)
        furthest = np.partition(squared, fitted.neighbours - 1, axis=1)[:, fitted.neighbours - 1]
        for n, row in enumerate(squared):
            near = np.flatnonzero(row <= furthest[n])
            nearest = near[np.argsort(row[near], kind="stable")[: fitted.neighbours]]
            weight = _weights(row[nearest], fitted.by_distance)
            answers[start + n] = weight @ fitted.answers[nearest] / weight.sum()
    return answers


def emit(graph: Graph, x: Value, fitted: Stored) -> Value:
    """Whole numbers, squared distances by one product, TopK, weighted mean."""
    edge = (
        graph.constant(np.array([fitted.limit], dtype=np.float32)),
        graph.constant(np.array([-fitted.limit], dtype=np.float32)),
    )
    within = graph.node("Max", graph.node("Min", x, edge[0]), edge[1])
    scaled = graph.node("Mul", graph.cast(within, "double"), graph.constant(np.array([fitted.per_unit])))
    whole = graph.node("Floor", graph.node("Add", scaled, graph.constant(np.array([0.5]))))
    stored = fitted.rows.astype(np.float64)
    points = graph.cast(graph.constant(fitted.rows.T), "double")
    lengths = graph.constant((stored * stored).sum(axis=1).reshape(1, -1))
    far = graph.node("Gemm", whole, points, lengths, width=len(stored), alpha=-2.0)
    k = fitted.neighbours
    nearest, places = graph.nodes(
        "TopK", far, graph.constant(np.array([k])), outputs=(("double", k), ("int64", k)), axis=1, largest=0, sorted=1
    )
    answers = graph.node("Gather", graph.constant(fitted.answers), places, kind="double", width=fitted.answers.shape[1])
    if not fitted.by_distance:
        mean = graph.node("ReduceMean", answers, graph.constant(np.array([1])), keepdims=0)
        return graph.cast(mean, "float")
    weight = _emit_weights(graph, whole, nearest)
    column = graph.node("Unsqueeze", weight, graph.constant(np.array([2])), width=1)
    total = graph.node("ReduceSum", graph.node("Mul", answers, column), graph.constant(np.array([1])), keepdims=0)
    weights = graph.node("ReduceSum", weight, graph.constant(np.array([1])), width=1, keepdims=1)
    return graph.cast(graph.node("Div", total, weights), "float")


def _emit_weights(graph: Graph, whole: Value, nearest: Value) -> Value:
    """1 / distance, or 1 and 0 where some distance is 0: whole squared distances are 0 or at least 1."""
    axis = graph.constant(np.array([1]))
    own = graph.node("ReduceSum", graph.node("Mul", whole, whole), axis, width=1, keepdims=1)
    squared = graph.node("Add", nearest, own)
    one = graph.constant(np.array([1.0]))
    here = graph.cast(graph.node("Less", squared, one, kind="bool"), "double")
    some = graph.cast(graph.node("ReduceMax", here, axis, width=1, keepdims=1), "bool")
    inverse = graph.node("Div", one, graph.node("Sqrt", graph.node("Max", squared, one)), width=nearest.width)
    return graph.node("Where", some, here, inverse, kind="double", width=nearest.width)


def _weights(squared: NDArray[np.float64], by_distance: bool) -> NDArray[np.float64]:
    if not by_distance:
        return np.ones(len(squared))
    here = squared == 0
    return here.astype(np.float64) if here.any() else np.asarray(1.0 / np.sqrt(squared), dtype=np.float64)


def _whole(x: NDArray[np.float32], limit: float, per_unit: float) -> NDArray[np.float64]:
    held = np.clip(x, np.float32(-limit), np.float32(limit)).astype(np.float64)
    return np.asarray(np.floor(held * per_unit + 0.5), dtype=np.float64)
