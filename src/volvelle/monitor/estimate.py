"""Quality without outcomes, estimated from the counters of scores or predictions.

Of classes (confidence-based performance estimation): where scores are honest probabilities, a row that scores 0.8 is of
the class in 8 of 10 cases, whatever it is, so that the expected counts of right and wrong answers can be added up and
every metric of such counts be read off. What a score is worth the reference says (`learn`): a server sums it up beside
each counter of scores, so that a window whose scores lie elsewhere within a counter is no riddle; for a device, which
counts alone, the mean of the counter stands. Of a regression (direct loss estimation, in its plainest form) the mean
errors by counter of the prediction are added up.

Both assume that the same inputs still lead to the same outcomes. They are blind to concept drift.

References: Garg, Balakrishnan, Lipton, Neyshabur and Sedghi, Leveraging unlabeled data to predict out-of-distribution
performance, ICLR 2022; Bialek, Kuberski, Perrakis and Bifet, Estimating model performance under covariate shift without
labels, 2024 (the formulas and their names).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from volvelle.catalog import METRICS
from volvelle.evaluate.measure import fitting, load
from volvelle.model.signature import ModelTask
from volvelle.monitor.policy import level
from volvelle.monitor.records import UNIT, Alarm, Edges, Expected, Policy, Reference, Sketch

_BY_MARGINS = ("accuracy", "balanced_accuracy", "f1", "mcc", "precision", "recall")
"""Metrics of more than two classes that need no more than the rows of each class, given, true and both."""
_ROUNDS = 30
Counters = Sequence[Sequence[int] | NDArray[Any]]


def estimated(reference: Reference, sketch: Sketch) -> dict[str, float]:
    """Estimated metrics of one window; empty where the reference knows no truth, or the window has no row.

    Classes: ROC-AUC and every metric of counts of labels that can be read off; regression: mae and rmse.
    """
    if not reference.expected or not sketch.rows:
        return {}
    return estimates(reference.edges, reference.expected, sketch.scores, sketch.chosen, sketch.worth)


def estimates(
    edges: Edges, expected: Sequence[Expected], scores: Counters, chosen: Counters, worth: Counters = ()
) -> dict[str, float]:
    """As `estimated`, from counters ``[classes, b]``: of all rows, and of the rows that were given each class.

    What the rows of both are worth is taken from `worth` where it is known, as `Sketch` has it, else from `expected`.
    """
    if edges.task == "regression":
        counts = np.asarray(scores[0], dtype=np.float64)
        shares = counts / max(1.0, float(counts.sum()))
        mean, square = float(shares @ np.asarray(expected[0].mean)), float(shares @ np.asarray(expected[0].square))
        return {"mae": mean, "rmse": math.sqrt(square)}
    places = range(len(edges.classes)) if edges.positive is None else [edges.positive]
    means = [np.asarray(e.mean) for e in expected]
    lines = [*zip(scores, means, strict=True), *zip(chosen, means, strict=True)]
    hits = [np.asarray(s) / UNIT for s in worth] if worth else [np.asarray(c) * mean for c, mean in lines]
    areas = [area(np.asarray(scores[k]), hits[k], expected[k].within) for k in places]
    found = {"roc_auc": float(np.mean(areas))}
    table = _table(edges, scores, chosen, hits)
    for name in countable(edges.task):
        found[name] = float(load(name, edges.task).of_counts(table))  # type: ignore[attr-defined]
    return {name: value for name, value in found.items() if not math.isnan(value)}


def area(counts: NDArray[Any], up: NDArray[Any], within: Sequence[float]) -> float:
    """Expected ROC-AUC of one class against the rest.

    Rows of different counters are in order; of the pairs inside one counter the reference says how many are.

    All rows of the upper counter are of the class, and half of the lower one's, where nothing is in order. Of 6 pairs
    of 3 and 2 rows 4 lie across, 2 inside:

    >>> area(np.array([4, 1]), np.array([2.0, 1.0]), (0.5, 0.5)) == (2 * 1 + 2 * 2 * 0.5) / 6
    True

    Args:
        counts: rows by counter, ``[b]``.
        up: of these the rows of the class, as they are expected.
        within: of two rows of a counter, one of the class and one not, the chance that the first scores higher.
    """
    down = counts - up
    if not up.sum() or not down.sum():
        return math.nan
    below = np.cumsum(down) - down
    return float((up @ (below + down * np.asarray(within))) / (up.sum() * down.sum()))


def honest(scores: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rising scores and the chance that each is worth, learnt from rows ``[n]`` and whether each is of the class.

    >>> [found.tolist() for found in honest(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1]))]
    [[0.1, 0.2, 0.8, 0.9], [0.0, 0.0, 1.0, 1.0]]
    """
    levels, place, times = np.unique(scores, return_inverse=True, return_counts=True)
    return levels, rising(np.bincount(place, weights=y) / times, times)


def area_of_rows(scores: NDArray[Any], levels: NDArray[Any], chances: NDArray[Any]) -> float:
    """Expected ROC-AUC where the scores of the rows are at hand, ``[n]``: nothing is lost to counters.

    Chances between two levels of `honest` are read off a straight line.

    >>> area_of_rows(np.array([0.1, 0.15, 0.9]), np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]))
    1.0
    """
    different, which, times = np.unique(scores, return_inverse=True, return_counts=True)
    up = np.bincount(which, weights=np.interp(scores, levels, chances))
    return area(times, up, (0.5,) * len(different))


def rising(values: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """The nearest values that never fall (pool adjacent violators; Ayer et al., 1955).

    >>> rising(np.array([0.1, 0.5, 0.3]), np.array([1.0, 1.0, 1.0])).tolist()
    [0.1, 0.4, 0.4]
    """
    blocks: list[tuple[float, float, int]] = []
    for v, w in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append((v, w, 1))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (a, m, i), (b, n, j) = blocks[-2:]
            blocks[-2:] = [((a * m + b * n) / (m + n), m + n, i + j)]
    return np.repeat([v for v, _, _ in blocks], [size for _, _, size in blocks])


@cache
def countable(task: ModelTask) -> tuple[str, ...]:
    """Names of the metrics that can be read off expected counts of labels.

    >>> "recall" in countable("binary"), countable("regression")
    (True, ())
    """
    plain = [n for n in fitting(task) if METRICS.fact(n, "NEEDS") == "labels" and not METRICS.fact(n, "PARAMETERS")]
    return tuple(n for n in plain if hasattr(load(n, task), "of_counts") and (task == "binary" or n in _BY_MARGINS))


def beneath(reference: Reference, found: dict[str, float], sketch: Sketch, policy: Policy, window: int) -> list[Alarm]:
    """Floors that the estimate misses by more than the reference's windows scatter, at the level of the budget."""
    alarms = []
    for floor in policy.floors:
        value, spread = found.get(floor.metric), reference.spread.get(floor.metric)
        if floor.where or value is None or spread is None:
            continue
        sign = 1.0 if METRICS.fact(floor.metric, "DIRECTION") == "up" else -1.0
        reach = float(ndtri(1 - level(policy))) * spread * math.sqrt(reference.window / sketch.rows)
        if sign * (floor.bound - value) > reach:
            sentence = f"{floor.metric} is estimated at {value:.3f} (give or take {reach:.3f}), against {floor.bound:g}"
            alarms.append(Alarm(severity="estimate", window=window, what=floor.metric, sentence=sentence, effect=value))
    return alarms


def _table(edges: Edges, scores: Counters, chosen: Counters, hits: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Expected rows by true and given class, the positive class last; of many classes the margins and the diagonal."""
    classes = len(edges.classes)
    true, right_rows = np.array([h.sum() for h in hits[:classes]]), np.array([h.sum() for h in hits[classes:]])
    given_rows = np.array([float(np.sum(chosen[k])) for k in range(classes)])
    if (k := edges.positive) is not None:
        missed, others = true[k] - right_rows[k], float(np.sum(scores[k])) - given_rows[k]
        return np.array([[others - missed, given_rows[k] - right_rows[k]], [missed, right_rows[k]]])
    true *= given_rows.sum() / true.sum() if true.sum() else 1.0
    right_rows = np.minimum(right_rows, true)
    return _filled(true - right_rows, given_rows - right_rows) + np.diag(right_rows)


def _filled(rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """A table of these sums with an empty diagonal, by iterative proportional fitting (Deming and Stephan, 1940)."""
    table = np.maximum(np.outer(rows, columns), 1e-300) * (1 - np.eye(len(rows)))
    for _ in range(_ROUNDS):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
    return table
