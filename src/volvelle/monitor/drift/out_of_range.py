"""Out of range: whether more rows lie outside what training saw, or name categories that it never saw.

A model has learnt nothing there, however small the share. The test is one-sided, for fewer rows outside are no harm:
Fisher's exact test with the tail of more rows, the likelihood ratio where 50 rows and more are expected in each cell.
The effect is the growth of the share, less what chance shows on average.

Reference: Fisher, Statistical Methods for Research Workers, 1925, 21.02 (5th edition and later).

No row of 90 lay outside, and 2 of 10 do now, which chance would bring in 10 x 9 of 100 x 99 ways:

>>> found = score(np.array([0, 90]), np.array([2, 8]))
>>> round(found.p or 0, 5), round(90 / 9900, 5)
(0.00909, 0.00909)
>>> score(np.array([2, 8]), np.array([0, 90])).p
1.0
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes
from volvelle.monitor.tails import deviance, shrunk, two_shares

TAKES: tuple[Takes, ...] = ("outside",)
EFFECT: Effect = "share"


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Rows outside and rows inside ``[2]`` of both samples."""
    rows, size = float(reference.sum()), float(now.sum())
    if not rows or not size or now[0] * rows <= reference[0] * size:
        return NOTHING
    statistic = max(0.0, deviance(reference, now))
    moved = float(np.abs(now / size - reference / rows)[0]) * shrunk(statistic, 1)
    return Found(statistic, two_shares(reference, now) / 2, moved)
