"""What charts are drawn from: curves, grids and class tables, computed from stored predictions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.evaluate.contract import Side
from volvelle.evaluate.sides import side
from volvelle.model.signature import Signature
from volvelle.ui.charts import Cells

MOST_POINTS, MOST_DOTS = 160, 300
Points = list[tuple[float, float]]


class ClassRow(NamedTuple):
    """One class of the test side."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    rows: int
    predicted: int


def test_side(predictions: pl.DataFrame, signature: Signature) -> Side:
    """The test rows of a table of predictions, as metrics see them."""
    frame = predictions.filter(pl.col("side") == "test")
    scores = frame.select(pl.selectors.starts_with("score_")).to_numpy()
    labels = frame["label"].to_numpy() if "label" in frame.columns else np.empty(0, dtype=np.int64)
    return side(frame["y"].to_numpy(), labels, scores, signature)


def roc(y: NDArray[Any], score: NDArray[np.float64]) -> Points:
    """False positive rate and true positive rate at every threshold, from (0, 0) to (1, 1).

    Reference: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006, algorithm 1.
    Empty where a class is absent.

    >>> roc(np.array([0, 1, 1]), np.array([0.1, 0.9, 0.8]))
    [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 1.0)]
    """
    hits, misses = _cumulated(y, score)
    if not len(hits) or not hits[-1] or not misses[-1]:
        return []
    points = zip(misses / misses[-1], hits / hits[-1], strict=True)
    return thinned([(0.0, 0.0), *((float(a), float(b)) for a, b in points)])


def precision_recall(y: NDArray[Any], score: NDArray[np.float64]) -> Points:
    """Recall and precision at every threshold, as a stair: precision between two thresholds is not interpolated.

    Reference: Davis and Goadrich, "The relationship between precision-recall and ROC curves", ICML 2006.
    Empty where no row is positive.

    >>> precision_recall(np.array([1, 0]), np.array([0.9, 0.8]))
    [(0.0, 1.0), (1.0, 1.0), (1.0, 0.5)]
    """
    hits, misses = _cumulated(y, score)
    if not len(hits) or not hits[-1]:
        return []
    recall, precision = hits / hits[-1], hits / (hits + misses)
    stair: Points = [(0.0, float(precision[0]))]
    for here, there in zip(recall, precision, strict=True):
        if stair[-1][1] != there:
            stair.append((stair[-1][0], float(there)))
        stair.append((float(here), float(there)))
    return thinned(_without_repeats(stair))


def stair(score: NDArray[np.float64], bins: int = 20) -> Points:
    """The share of rows in bins of equal width from 0 to 1, as the outline of their histogram; empty without rows.

    >>> stair(np.array([0.1, 0.9, 0.9, 0.9]), bins=2)
    [(0.0, 0.25), (0.5, 0.25), (0.5, 0.75), (1.0, 0.75)]
    """
    if not len(score):
        return []
    counts, edges = np.histogram(score, bins=bins, range=(0.0, 1.0))
    ends = zip(edges, edges[1:], counts / len(score), strict=False)
    return [(float(x), float(share)) for low, high, share in ends for x in (low, high)]


def thinned(points: Points, most: int = MOST_POINTS) -> Points:
    """At most so many points, both ends kept, evenly along the line."""
    if len(points) <= most:
        return points
    line = np.asarray(points)
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(line, axis=0)).sum(axis=1))])
    at = np.searchsorted(along, np.linspace(0.0, along[-1], most))
    chosen = sorted({0, *np.minimum(at, len(points) - 1).tolist(), len(points) - 1})
    return [points[k] for k in chosen]


def grid(true: NDArray[np.float64], predicted: NDArray[np.float64], bins: int = 28) -> Cells | None:
    """True value across, prediction up, counted in a square grid that holds all of both; None without rows."""
    kept = np.isfinite(true) & np.isfinite(predicted)
    if not kept.any():
        return None
    both = np.concatenate([true[kept], predicted[kept]])
    low, high = float(both.min()), float(both.max())
    low, high = (low, high) if high > low else (low - 1.0, high + 1.0)
    counts, _, _ = np.histogram2d(predicted[kept], true[kept], bins=bins, range=((low, high), (low, high)))
    dots = list(zip(true[kept].tolist(), predicted[kept].tolist(), strict=True)) if kept.sum() <= MOST_DOTS else []
    return Cells([[int(c) for c in row] for row in counts], low, high, dots)


def residuals(true: NDArray[np.float64], predicted: NDArray[np.float64], bins: int = 25) -> tuple[list[int], float]:
    """Prediction minus truth in bins around zero; the counts and the half-width of their range.

    The range holds 99 % of the rows; rows beyond it fall into the outer bins.
    """
    errors = predicted - true
    errors = errors[np.isfinite(errors)]
    reach = float(np.quantile(np.abs(errors), 0.99)) if len(errors) else 0.0
    reach = reach or 1.0
    counts, _ = np.histogram(np.clip(errors, -reach, reach), bins=bins, range=(-reach, reach))
    return [int(c) for c in counts], reach


def class_rows(table: tuple[tuple[int, ...], ...], names: tuple[str, ...]) -> list[ClassRow]:
    """Precision, recall and F1 of every class, from rows by true class and predicted class.

    >>> class_rows(((3, 1), (0, 4)), ("no", "yes"))[1]
    ClassRow(name='yes', precision=0.8, recall=1.0, f1=0.8888888888888888, rows=4, predicted=5)
    """
    found = []
    for at, name in enumerate(names):
        hits, rows, predicted = table[at][at], sum(table[at]), sum(row[at] for row in table)
        precision = hits / predicted if predicted else None
        recall = hits / rows if rows else None
        f1 = 2 * hits / (rows + predicted) if rows + predicted else None
        found.append(ClassRow(name, precision, recall, f1, rows, predicted))
    return found


def most_frequent(
    table: tuple[tuple[int, ...], ...], names: tuple[str, ...], most: int
) -> tuple[list[list[int]], list[str]]:
    """A confusion table of at most so many classes: the most frequent ones, all others as one."""
    if len(names) <= most:
        return [list(row) for row in table], list(names)
    order = sorted(range(len(names)), key=lambda k: (-sum(table[k]), k))
    kept, rest = sorted(order[: most - 1]), sorted(order[most - 1 :])
    groups = [*([k] for k in kept), rest]
    counts = [[sum(table[a][b] for a in true for b in given) for given in groups] for true in groups]
    return counts, [*(names[k] for k in kept), f"{len(rest)} others"]


def _cumulated(y: NDArray[Any], score: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positives and negatives at or above each distinct score, from the highest down."""
    order = np.argsort(-score, kind="stable")
    truth, ranked = np.asarray(y)[order] == 1, score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1) if len(ranked) else np.empty(0, dtype=np.int64)
    hits = np.cumsum(truth, dtype=np.float64)[last]
    return hits, last + 1.0 - hits


def _without_repeats(points: Points) -> Points:
    return [p for at, p in enumerate(points) if not at or p != points[at - 1]]
