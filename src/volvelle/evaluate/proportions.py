"""Intervals of shares, and the quantiles they stand on.

A share of rows has a closed form that stays honest at the edges, where every resample of "20 of 20
right" would be 20 of 20 again.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NORMAL = NormalDist()


def normal(level: float) -> float:
    """The two-sided quantile of the normal distribution.

    >>> round(normal(0.95), 4)
    1.96
    """
    return _NORMAL.inv_cdf(0.5 + level / 2)


def student(level: float, freedom: float) -> float:
    """The two-sided quantile of Student's t: exact for 1 and 2 degrees of freedom, within 0.1 % above.

    Reference: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.5.

    >>> round(student(0.95, 10), 3)
    2.228
    """
    tail = (1 + level) / 2
    if freedom < 1.5:
        return math.tan(math.pi * (tail - 0.5))
    if freedom < 2.5:
        return (2 * tail - 1) * math.sqrt(2 / (4 * tail * (1 - tail)))
    z = normal(level)
    series = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(series))


def wilson(hits: float, trials: float, level: float, *, quantile: float | None = None) -> tuple[float, float]:
    """Wilson's score interval of a share; `quantile` replaces the normal one.

    Reference: Wilson, JASA 22, 1927; why this one: Brown, Cai and DasGupta, Statistical Science 16, 2001.

    20 of 20 leave room down to 20 / (20 + 1.96^2):

    >>> [round(edge, 4) for edge in wilson(20, 20, 0.95)]
    [0.8389, 1.0]
    """
    z = normal(level) if quantile is None else quantile
    share, square = hits / trials, z * z
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    low = 0.0 if hits <= 0 else max(0.0, centre - half)
    high = 1.0 if hits >= trials else min(1.0, centre + half)
    return low, high


def wilson_of_groups(hits: NDArray[Any], trials: NDArray[Any], level: float) -> tuple[float, float] | None:
    """Wilson's interval of a share whose rows come in groups that resemble themselves.

    The rows count for as many as independent rows of the same precision would be; at the edges, where
    nothing varies, each group counts as one row. None below two groups.

    Reference: Korn and Graubard, Survey Methodology 24, 1998 (effective sample size).

    Args:
        hits, trials: of each group, ``[g]``.
        level: of the interval.
    """
    held = trials > 0
    hits, trials = hits[held].astype(np.float64), trials[held].astype(np.float64)
    groups, total = len(trials), float(trials.sum())
    if groups < 2:
        return None
    share = float(hits.sum()) / total
    variance = groups / (groups - 1) * float(((hits - share * trials) ** 2).sum()) / total**2
    rows = float(groups) if variance <= 0 else min(share * (1 - share) / variance, total)
    return wilson(share * rows, rows, level, quantile=student(level, groups - 1))
