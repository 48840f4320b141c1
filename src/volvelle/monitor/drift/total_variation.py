"""Total variation: the share of rows that would have to move for both samples to look the same.

An effect size, not a test: of two samples of the same rows it is above 0 by chance alone.

Reference: Levin and Peres, Markov Chains and Mixing Times, 2017, 4.1.

A tenth of the rows went from the first counter to the second:

>>> round(score(np.array([50, 50]), np.array([4, 6])).effect, 6)
0.1
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes

TAKES: tuple[Takes, ...] = ("numbers", "categories", "missing", "outside")
EFFECT: Effect = "share"
CALLS = False


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Counters ``[b]`` of both samples."""
    rows, size = float(reference.sum()), float(now.sum())
    if not rows or not size:
        return NOTHING._replace(p=None)
    moved = 0.5 * float(np.abs(now / size - reference / rows).sum())
    return Found(moved, None, moved)
