"""Wasserstein distance: how far values have moved on average, in standard deviations of the reference.

The least average way by which one sample can be carried into the other: the area between both distribution functions.
An effect size, not a test; chance is not taken off. Where the reference does not vary, its unit is 1.

Reference: Vallender, Calculation of the Wasserstein distance between probability distributions on the line, Theory of
Probability and its Applications 18, 1974.

Every value went up by 1, and the reference has a standard deviation of 1:

>>> score(np.array([-1.0, 1.0]), np.array([0.0, 2.0])).effect
1.0
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes

TAKES: tuple[Takes, ...] = ("values",)
EFFECT: Effect = "sd"
CALLS = False


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Values ``[n]`` of both samples."""
    if not len(reference) or not len(now):
        return NOTHING._replace(p=None)
    before, after = np.sort(reference).astype(np.float64), np.sort(now).astype(np.float64)
    unit = float(before.std()) or 1.0
    if len(before) == len(after):
        distance = float(np.abs(before - after).mean())
    else:
        steps = np.sort(np.concatenate([before, after]))
        apart = [np.searchsorted(side, steps[:-1], side="right") / len(side) for side in (before, after)]
        distance = float(np.abs(apart[0] - apart[1]) @ np.diff(steps))
    return Found(distance / unit, None, distance / unit)
