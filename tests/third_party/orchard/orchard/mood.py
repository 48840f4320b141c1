"""Mood's median test: whether more or fewer values lie above the median of both samples.

Source: A. M. Mood, Introduction to the Theory of Statistics, 1950.

>>> score(np.arange(10.0), np.arange(10.0) + 10).effect
1.0
"""

import numpy as np

from volvelle.monitor.contract import NOTHING, Found
from volvelle.monitor.tails import two_shares

TAKES = ("values",)
EFFECT = "share"


def score(reference, now):
    """Values of both samples; the effect is the difference of the shares above the median."""
    if not len(reference) or not len(now):
        return NOTHING
    middle = np.median(np.concatenate([reference, now]))
    above = [np.array([(side > middle).sum(), (side <= middle).sum()]) for side in (reference, now)]
    moved = abs(float((now > middle).mean() - (reference > middle).mean()))
    return Found(moved, two_shares(*above), moved)
