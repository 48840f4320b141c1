"""Missing rate: whether more or fewer cells are missing than in the reference.

Fisher's exact test, so that a column of which nothing was ever missing is judged rightly too; the likelihood ratio
where 50 rows and more are expected in each cell. The statistic is the likelihood ratio, the effect the difference of
the two shares, less what chance shows on average.

Reference: Fisher, Statistical Methods for Research Workers, 1925, 21.02 (5th edition and later).

Nothing was missing in 90 rows, and 2 of 10 are now: of 100 rows any 2 could be missing, and both are among the last 10
in 10 x 9 of 100 x 99 ways. The smaller tail is doubled:

>>> found = score(np.array([0, 90]), np.array([2, 8]))
>>> round(found.p or 0, 5), round(2 * 90 / 9900, 5)
(0.01818, 0.01818)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes
from volvelle.monitor.tails import deviance, shrunk, two_shares

TAKES: tuple[Takes, ...] = ("missing",)
EFFECT: Effect = "share"


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Missing and other rows ``[2]`` of both samples."""
    rows, size = float(reference.sum()), float(now.sum())
    if not rows or not size:
        return NOTHING
    statistic = max(0.0, deviance(reference, now))
    moved = float(np.abs(now / size - reference / rows)[0]) * shrunk(statistic, 1)
    return Found(statistic, two_shares(reference, now), moved)
