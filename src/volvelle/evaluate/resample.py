"""Resampling rows, or whole groups of rows, and reading a metric off each resample."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Metric
from volvelle.evaluate.counts import confusion
from volvelle.evaluate.proportions import student

RESAMPLES = 1000
_FEWEST, _WORK, _BLOCK = 200, 20_000_000, 500_000


def affordable(cells: int, resamples: int) -> int:
    """`resamples`, or fewer for many rows: at most 20 million numbers in all, but never below 200 resamples.

    >>> affordable(1_000, 1_000), affordable(40_000, 1_000), affordable(10**7, 1_000), affordable(10**7, 50)
    (1000, 500, 200, 50)
    """
    return min(resamples, max(_FEWEST, _WORK // max(1, cells)))


def row_weights(
    rows: int, groups: NDArray[np.int64] | None, resamples: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Exponential weights of rows in blocks ``[r, rows]``; the rows of one group share a weight."""
    rng = np.random.default_rng(seed)
    numbers = None if groups is None else np.unique(groups, return_inverse=True)[1]
    units = rows if numbers is None else int(numbers.max()) + 1
    step = max(1, _BLOCK // max(1, rows))
    for start in range(0, resamples, step):
        drawn = rng.standard_exponential((min(step, resamples - start), units))
        yield drawn if numbers is None else drawn[:, numbers]


def point(metric: Metric, y: NDArray[Any], p: NDArray[Any], classes: int) -> float:
    """The metric itself; metrics of labels are told the number of classes where they can hear it."""
    if counted(metric):
        return float(metric.of_counts(confusion(y, p, classes)))  # type: ignore[attr-defined]
    return float(metric.score(y, p))


def counted(metric: Metric) -> bool:
    """Whether the metric is a function of the counts of labels."""
    return metric.NEEDS == "labels" and hasattr(metric, "of_counts")


def weighable(metric: Metric) -> bool:
    """Whether the metric can be read off weighted rows."""
    return counted(metric) or hasattr(metric, "weighted")


def weighted_counts(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """Weight by true and predicted class: ``[r, k, k]`` for weights ``[r, n]``."""
    cells = np.asarray(y, dtype=np.int64) * classes + np.asarray(p, dtype=np.int64)
    tables = [np.bincount(cells, weights=row, minlength=classes * classes) for row in w]
    return np.asarray(tables, dtype=np.float64).reshape(-1, classes, classes)


def replicates(
    metric: Metric, y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64], classes: int
) -> NDArray[np.float64]:
    """The metric under each row of weights: ``[r]`` for weights ``[r, n]``."""
    if counted(metric):
        return np.asarray(metric.of_counts(weighted_counts(y, p, w, classes)))  # type: ignore[attr-defined]
    return np.asarray(metric.weighted(y, p, w))  # type: ignore[attr-defined]


def jeffreys(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Half a right row and half a wrong one for each class that the truth holds, ``[k, k]``.

    The wrong half is spread over the other classes that occur.

    >>> jeffreys(np.array([[9, 0], [0, 3]])).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    true = counts.sum(axis=1) > 0
    present = true | (counts.sum(axis=0) > 0) if len(counts) > 2 else np.ones(len(counts), dtype=np.bool_)
    prior: NDArray[np.float64] = true[:, None] * present * (0.5 / max(1, int(present.sum()) - 1))
    prior[np.diag_indices(len(counts))] = 0.5 * true
    return prior


def percentiles(values: NDArray[np.float64], level: float, units: float) -> tuple[float, float, int] | None:
    """The widened percentile interval of resampled values, and how many were dropped as NaN.

    The tails are those of Student's t with `units` - 1 degrees of freedom (Hesterberg 2015).
    None when more than half of the values are NaN.
    """
    kept = values[~np.isnan(values)]
    if len(kept) * 2 < len(values) or not len(kept) or units < 2:
        return None
    wide = student(level, units - 1) * math.sqrt(units / (units - 1))
    tail = NormalDist().cdf(-wide)
    low, high = np.quantile(kept, (tail, 1 - tail))
    return float(low), float(high), len(values) - len(kept)
