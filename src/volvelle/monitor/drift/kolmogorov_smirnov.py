"""Kolmogorov-Smirnov: the largest difference of two distribution functions, where the rows themselves are at hand.

The chance is that of the limit distribution, which is a little cautious for small samples and for ties. The effect is
the statistic itself: at least that share of the rows has moved; chance is not taken off.

Reference: Smirnov, Table for estimating the goodness of fit of empirical distributions, Annals of Mathematical
Statistics 19, 1948.

Half of the second sample lies above all of the first:

>>> score(np.array([1.0, 2.0]), np.array([2.0, 3.0])).statistic
0.5
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes

TAKES: tuple[Takes, ...] = ("values",)
EFFECT: Effect = "share"


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Values ``[n]`` of both samples."""
    if not len(reference) or not len(now):
        return NOTHING
    before, after = np.sort(reference), np.sort(now)
    farthest = max(_gap(before, after), _gap(after, before))
    size = len(before) * len(after) / (len(before) + len(after))
    return Found(farthest, float(kolmogorov(math.sqrt(size) * farthest)), farthest)


def _gap(a: NDArray[Any], b: NDArray[Any]) -> float:
    """How far the distribution function of `a` stands above that of `b`, at the most; both sorted.

    It does so at a value of `a`. Of equal values the last one counts, and at the others it stands lower.
    """
    reached = np.searchsorted(b, a, side="right")
    return float((np.arange(1, len(a) + 1) / len(a) - reached / len(b)).max())
