"""Chances of large statistics, and what becomes of them when many are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, gammaln, xlogy

_LARGE = 50.0


def chi_square(statistic: float, freedom: float) -> float:
    """Chance that chi-square with so many degrees of freedom is at least `statistic`.

    >>> round(chi_square(9.488, 4), 4)
    0.05
    """
    return float(chdtrc(freedom, max(0.0, statistic)))


def ratio(statistic: float, above: float, below: float) -> float:
    """Chance that Fisher's F with `above` and `below` degrees of freedom is at least `statistic`.

    >>> round(ratio(4.965, 1, 10), 4)
    0.05
    """
    return float(fdtrc(above, below, max(0.0, statistic)))


def deviance(reference: NDArray[Any], now: NDArray[Any]) -> float:
    """Wilks' likelihood ratio of two rows of counters against equal shares: twice the gain in log likelihood.

    Where counters are small its tail is nearer to chi-square than Pearson's statistic.

    >>> round(deviance(np.array([50, 50]), np.array([40, 60])), 3)
    2.024
    """
    table = np.stack([reference, now]).astype(np.float64)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(2 * xlogy(table, np.where(table > 0, table / np.where(expected > 0, expected, 1.0), 1.0)).sum())


def two_shares(reference: NDArray[Any], now: NDArray[Any]) -> float:
    """Chance of two shares as different, ``[hits, others]`` each: exact where few hits are expected.

    Fisher's exact test with the smaller tail doubled; the likelihood ratio where 50 rows and more are expected in
    each cell.

    Of 2 hits among 8 rows both fell into the 4 of now, which happens in 6 of 28 ways:

    >>> round(two_shares(np.array([0, 4]), np.array([2, 2])), 4) == round(2 * 6 / 28, 4)
    True
    """
    hits, size, rows = int(reference[0] + now[0]), int(now.sum()), int(reference.sum() + now.sum())
    if hits in (0, rows) or size in (0, rows):
        return 1.0
    if min(hits, rows - hits) * min(size, rows - size) / rows >= _LARGE:
        return chi_square(deviance(reference, now), 1)
    k = np.arange(max(0, hits + size - rows), min(hits, size) + 1)
    parts = (k, hits - k, size - k, rows - hits - size + k)
    logs = -np.sum([gammaln(part + 1.0) for part in parts], axis=0)
    chances, seen = np.exp(logs - logs.max()), int(now[0]) - int(k[0])
    tail = min(chances[: seen + 1].sum(), chances[seen:].sum()) / chances.sum()
    return min(1.0, 2.0 * float(tail))


def shrunk(statistic: float, average: float) -> float:
    """What is left of an effect when the statistic that chance shows on average is taken off: Stein's positive part.

    >>> shrunk(4.0, 4), shrunk(16.0, 4) == math.sqrt(0.75)
    (0.0, True)
    """
    return math.sqrt(max(0.0, 1.0 - average / statistic)) if statistic > 0 else 0.0


def adjusted(chances: Sequence[float], weights: Sequence[float] | None = None) -> NDArray[np.float64]:
    """Chances corrected for how many there are: those at most q hold a share of at most q of false ones.

    References: Benjamini and Hochberg, JRSS B 57, 1995; with weights of mean 1: Genovese, Roeder and Wasserman,
    Biometrika 93, 2006.

    >>> adjusted([0.01, 0.04, 0.03, 0.5]).tolist()
    [0.04, 0.05333333333333334, 0.05333333333333334, 0.5]
    """
    p = np.asarray(chances, dtype=np.float64)
    p = p if weights is None else p / np.asarray(weights)
    order = np.argsort(p)
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    made = np.empty_like(p)
    made[order] = np.minimum.accumulate(ranked[::-1])[::-1]
    return np.minimum(made, 1.0)
