"""Where yes begins: the threshold on the positive class's score that brings the gates inside their bounds.

Every threshold between two distinct scores is looked at (a few hundred, evenly spread over the rows). For each
gate the distance of the metric to its bound is counted in standard errors of as many rows as the test side has. Of the
thresholds at which each gate is so far inside that its interval on the test side is too, 99 times of 100, the one
nearest 0.5 is taken: a floor on recall alone shall not call every row positive. Where there is none, the one whose
nearest gate is furthest inside. The scores must be of rows that the model did not learn from.

Reference: Elkan, The foundations of cost-sensitive learning, IJCAI 2001, on moving the threshold instead of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import METRICS

MOST = 400
"""Thresholds that are looked at."""
POINTS = 41
"""Thresholds of a curve."""
INTERVAL, LUCK = 1.96, 2.33
"""Standard errors of half an interval, and those that luck stays below 99 times of 100."""
_TINY = 1e-12
"""Below this a variance is rounding: every row costs the same."""
_ALIKE = 1e-6
"""Standard errors by which two thresholds differ in nothing but rounding."""
_STEP = 0.125
"""Rows by which a cell is moved to see how the metric follows."""
Given = Mapping[str, Any]
_NONE: Given = MappingProxyType({})


class Aim(NamedTuple):
    """One requirement on the labels of some rows."""

    name: str
    """The metric, and the slice where there is one."""
    metric: str
    bound: float
    rows: NDArray[np.bool_]
    """Which rows it is about, ``[n]``."""
    given: Given = _NONE
    """What the spec states for the parameters of the metric."""


class Cut(NamedTuple):
    """A threshold and what it gives."""

    threshold: float | None
    """None where 0.5 stays."""
    values: dict[str, float]
    """Aim or metric to its value; those that are not defined there are left out."""
    inside: float
    """Standard errors by which the nearest aim is met; negative where it is missed."""


def thresholds(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Middles between distinct scores, at most `MOST`, and 0.5 in front.

    >>> thresholds(np.float32([0.2, 0.2, 0.6])).round(3).tolist()
    [0.5, 0.4000000059604645]
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float32))
    places = np.unique(np.linspace(0, len(ordered) - 2, min(MOST, max(len(ordered) - 1, 1))).astype(np.int64))
    middles = (ordered[places].astype(np.float64) + ordered[np.minimum(places + 1, len(ordered) - 1)]) / 2
    between = ordered[places] < ordered[np.minimum(places + 1, len(ordered) - 1)]
    return np.concatenate([np.array([0.5], dtype=np.float32), np.unique(middles[between]).astype(np.float32)])


def tables(y: NDArray[np.int64], scores: NDArray[np.float32], cuts: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows by true and predicted class at every threshold, ``[c, 2, 2]``; class 1 is the positive one.

    >>> tables(np.array([0, 1]), np.float32([0.2, 0.9]), np.float32([0.5])).tolist()
    [[[1.0, 0.0], [0.0, 1.0]]]
    """
    found = np.empty((len(cuts), 2, 2))
    for truth in (0, 1):
        mine = np.sort(scores[y == truth])
        below = np.searchsorted(mine, cuts, side="right")
        found[:, truth, 0], found[:, truth, 1] = below, len(mine) - below
    return found


def curve(
    metrics: Mapping[str, Given], y: NDArray[np.int64], scores: NDArray[np.float32]
) -> dict[str, tuple[float | None, ...]]:
    """Metrics of labels at `POINTS` thresholds from 0 to 1, and these under ``threshold``; None where one has no value.

    Each metric stands with what the spec states for its parameters.

    >>> found = curve({"recall": {}}, np.array([0, 1]), np.float32([0.2, 0.6]))
    >>> found["threshold"][:3], found["recall"][23:26]
    ((0.0, 0.025, 0.05), (1.0, 0.0, 0.0))
    """
    at = np.linspace(0.0, 1.0, POINTS)
    counts = tables(y, scores, at.astype(np.float32))
    found: dict[str, tuple[float | None, ...]] = {"threshold": tuple(round(float(a), 4) for a in at)}
    for name, given in metrics.items():
        values = _read(name, counts, given)
        found[name] = tuple(round(float(v), 6) if np.isfinite(v) else None for v in values)
    return found


def best_for(metric: str, y: NDArray[np.int64], scores: NDArray[np.float32], given: Given = _NONE) -> Cut:
    """The threshold at which a metric of labels is best; the one nearest 0.5 among equals.

    `given` is what the spec states for the parameters of the metric.
    """
    cuts = thresholds(scores)
    values = _read(metric, tables(y, scores, cuts), given)
    rated = np.where(np.isnan(values), -np.inf, _sign(metric) * values)
    at = min(np.flatnonzero(rated == rated.max()).tolist(), key=lambda k: abs(float(cuts[k]) - 0.5))
    return Cut(float(cuts[at]), _defined({metric: float(values[at])}), 0.0)


def for_aims(aims: tuple[Aim, ...], y: NDArray[np.int64], scores: NDArray[np.float32], rows_test: int) -> Cut:
    """The threshold nearest 0.5 at which all aims are far inside, else that which is furthest; None where 0.5 stays.

    Args:
        aims: what is required: a floor where higher is better, a ceiling where lower is.
        y: 1 for a positive row, ``[n]``.
        scores: of the positive class, float32 ``[n]``, out of fold.
        rows_test: rows on which the gates will be judged.
    """
    cuts = thresholds(scores)
    values, inside = {}, []
    for aim in aims:
        counts = tables(y[aim.rows], scores[aim.rows], cuts)
        value = _read(aim.metric, counts, aim.given)
        distance = _sign(aim.metric) * (value - aim.bound) / _error(aim, counts)
        inside.append(np.where(np.isnan(value), -np.inf, distance))
        values[aim.name] = value
    nearest = np.min(inside, axis=0)
    share = rows_test / len(y)
    # The luck of both samples, these rows and the test side's, in standard errors of the test side.
    far = np.flatnonzero(nearest * np.sqrt(share) >= INTERVAL + LUCK * np.sqrt(1 + share))
    far = far if len(far) else np.flatnonzero(nearest >= nearest.max() - _ALIKE)
    at = int(far[np.argmin(np.abs(cuts[far] - 0.5))])
    threshold = None if at == 0 else float(cuts[at])
    return Cut(threshold, _defined({name: float(v[at]) for name, v in values.items()}), float(nearest[at]))


def _defined(values: dict[str, float]) -> dict[str, float]:
    """A precision without a yes is no number, and a record holds none."""
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _sign(metric: str) -> int:
    return 1 if METRICS.fact(metric, "DIRECTION") == "up" else -1


def _read(metric: str, counts: NDArray[np.float64], given: Given) -> NDArray[np.float64]:
    return np.asarray(METRICS.load(metric).of_counts(counts, **given), dtype=np.float64)


def _error(aim: Aim, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard error at every threshold, ``[c]``: how far the metric goes when a cell has a row more or less.

    The delta method over the counts of a multinomial; a metric of shares does not change when all counts grow alike, so
    that nothing is left of its second term. The variance of a share p of k rows is ``p (1 - p) / k`` by it.

    Reference: Agresti, Categorical Data Analysis, 3rd edition, Wiley 2013, section 16.1.
    """
    # Half a row more in each cell keeps the error of a share of 0 or 1 above zero.
    padded = counts + 0.5
    variance = np.zeros(len(counts))
    for true, said in np.ndindex(2, 2):
        more, less = padded.copy(), padded.copy()
        more[:, true, said] += _STEP
        less[:, true, said] -= _STEP
        slope = (_read(aim.metric, more, aim.given) - _read(aim.metric, less, aim.given)) / (2 * _STEP)
        variance += padded[:, true, said] * slope**2
    return np.asarray(np.sqrt(np.maximum(variance, _TINY / padded.sum(axis=(1, 2)))))
