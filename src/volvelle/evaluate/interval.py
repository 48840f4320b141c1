"""How far a metric may be off because the test side is only a sample.

- A plain share of rows (accuracy, recall, precision, specificity) has Wilson's interval.
- Every other metric has the percentile interval of the Bayesian bootstrap: each row, or each group
  of rows, gets an exponential weight. It agrees with Efron's bootstrap to first order, and no resample
  ever loses a class. The level is widened as Student's t widens it.
- Where one right answer after another leaves nothing to vary, the bootstrap would claim certainty.
  Metrics of labels therefore also draw half a wrong and half a right row for each class (Jeffreys'
  prior), and for metrics of a finite range *no measurement proves more than a perfect one*: the
  interval reaches at least as far as Wilson's does when all rows are right.

References: Efron and Tibshirani, An Introduction to the Bootstrap, 1993; Rubin, The Bayesian bootstrap,
Annals of Statistics 9, 1981; Goutte and Gaussier, ECIR 2005 (Dirichlet draws of precision, recall and F1);
Hesterberg, The American Statistician 69, 2015 (widened percentiles).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Metric
from volvelle.evaluate.counts import confusion
from volvelle.evaluate.proportions import normal, wilson, wilson_of_groups
from volvelle.evaluate.resample import (
    RESAMPLES,
    affordable,
    counted,
    jeffreys,
    percentiles,
    point,
    replicates,
    row_weights,
    weighable,
    weighted_counts,
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval and what it was made from.

    Attributes:
        low, high: its ends.
        resamples: how many were drawn; 0 for a closed form.
        dropped: resamples on which the metric is not defined.
    """

    low: float
    high: float
    resamples: int = 0
    dropped: int = 0


def bootstrap(
    score: Callable[[NDArray[Any], NDArray[Any]], float],
    y: NDArray[Any],
    p: NDArray[Any],
    *,
    groups: NDArray[np.int64] | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """Efron's percentile interval of any function of rows, or of whole groups of rows.

    Resamples on which `score` is NaN are dropped and counted. None below two rows (groups), and when
    more than half of the resamples are dropped.

    Args:
        score: of truth ``[n]`` and predictions ``[n, ...]``.
        y, p: truth and predictions.
        groups: group number of each row; whole groups are drawn.
        level: of the interval.
        resamples: how many; fewer for many rows, so that the work stays bounded.
        seed: of the draws.
    """
    places = _places(groups, len(y))
    if len(places) < 2:
        return None
    rng = np.random.default_rng(seed)
    found = np.full(affordable(len(y), resamples), np.nan)
    for r in range(len(found)):
        drawn = rng.integers(0, len(places), len(places))
        chosen = drawn if groups is None else np.concatenate([places[i] for i in drawn])
        found[r] = score(y[chosen], p[chosen])
    ends = percentiles(found, level, len(places))
    return None if ends is None else Interval(ends[0], ends[1], len(found), ends[2])


def interval(
    metric: Metric,
    y: NDArray[Any],
    p: NDArray[Any],
    *,
    classes: int = 0,
    groups: NDArray[np.int64] | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """The interval of a metric by the best way it offers (see the top of this file).

    None where none can be given: fewer than two rows or groups, a metric that is not defined, or a
    perfect value of a metric without a finite range. The interval always holds the value itself.

    Args:
        metric: the file of the metric.
        y, p: what its `score` takes.
        classes: number of classes of the task; 0 for regression.
        groups: group number of each row.
        level, resamples, seed: of the interval.
    """
    units = len(y) if groups is None else len(np.unique(groups))
    value = point(metric, y, p, classes)
    if units < 2 or math.isnan(value):
        return None
    shared = _share(metric, y, p, classes, groups, level)
    if shared is not None:
        return shared
    trials = _balanced(y, groups, level) if getattr(metric, "BALANCED", False) else float(units)
    if weighable(metric):
        found = _weighed(metric, y, p, classes, groups, (level, trials, resamples, seed))
    else:
        found = bootstrap(metric.score, y, p, groups=groups, level=level, resamples=resamples, seed=seed)
    if found is None:
        return None
    low, high = _humble(min(found.low, value), max(found.high, value), metric, trials, level)
    return None if low == high else Interval(low, high, found.resamples, found.dropped)


def _share(
    metric: Metric, y: NDArray[Any], p: NDArray[Any], classes: int, groups: NDArray[np.int64] | None, level: float
) -> Interval | None:
    """Wilson's interval where the metric is a plain share of rows."""
    share = getattr(metric, "share", None)
    if share is None or not counted(metric):
        return None
    whole = share(confusion(y, p, classes))
    if whole is None or whole[1] == 0:
        return None
    if groups is None:
        return Interval(*wilson(whole[0], whole[1], level))
    places = _places(groups, len(y))
    each = np.asarray([share(confusion(y[at], p[at], classes)) for at in places])
    found = wilson_of_groups(each[:, 0], each[:, 1], level)
    return None if found is None else Interval(*found)


def _weighed(
    metric: Metric,
    y: NDArray[Any],
    p: NDArray[Any],
    classes: int,
    groups: NDArray[np.int64] | None,
    how: tuple[float, float, int, int],
) -> Interval | None:
    """The Bayesian bootstrap; `how` is level, units, resamples, seed."""
    level, units, resamples, seed = how
    draws = affordable(len(y) * (max(1, classes - 1) if metric.NEEDS == "scores" else 1), resamples)
    blocks = row_weights(len(y), groups, draws, seed)
    if counted(metric):
        counts = confusion(y, p, classes)
        rows = 1.0 if groups is None else len(y) / len(np.unique(groups))
        tables = np.concatenate([weighted_counts(y, p, w, classes) for w in blocks])
        prior = np.random.default_rng([seed, 1]).standard_gamma(jeffreys(counts), tables.shape)
        values = np.asarray(metric.of_counts(tables + rows * prior))  # type: ignore[attr-defined]
    else:
        values = np.concatenate([replicates(metric, y, p, w, classes) for w in blocks])
    found = percentiles(values, level, units)
    return None if found is None else Interval(found[0], found[1], draws, found[2])


def _places(groups: NDArray[np.int64] | None, rows: int) -> list[NDArray[np.int64]]:
    """The row numbers of each unit that is drawn."""
    if groups is None:
        return list(np.arange(rows).reshape(-1, 1))
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _balanced(y: NDArray[Any], groups: NDArray[np.int64] | None, level: float) -> float:
    """So many rows of one class would leave as much doubt as these classes do, each weighing the same."""
    square = normal(level) ** 2
    sizes = [float(np.sum(y == c) if groups is None else len(np.unique(groups[y == c]))) for c in np.unique(y)]
    worst = min(sizes) if len(sizes) == 2 else None
    sure = worst / (worst + square) if worst else sum(s / (s + square) for s in sizes) / len(sizes)
    return square * sure / (1 - sure)


def _humble(low: float, high: float, metric: Metric, trials: float, level: float) -> tuple[float, float]:
    """Widen to what a perfect measurement on as many rows would leave open."""
    bottom, top = metric.RANGE
    if math.isinf(bottom) or math.isinf(top):
        return low, high
    doubt = (top - bottom) * (1 - wilson(trials, trials, level)[0])
    return (min(low, top - doubt), high) if metric.DIRECTION == "up" else (low, max(high, bottom + doubt))
