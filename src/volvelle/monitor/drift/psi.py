"""Population stability index: how much both samples differ, as banks count it.

The sum over counters of the difference of shares times the logarithm of their ratio: the relative entropies of both
directions together. An effect size, not a test: by custom 0.1 is worth a look and 0.25 a change, whatever the number of
rows, and of small samples it is large by chance alone. Half a row is added to each counter, so that an empty one does
not make it infinite.

References: Siddiqi, Credit Risk Scorecards, 2006; its size under chance: Yurdakul and Naranjo, Statistical properties
of the population stability index, Journal of Risk Model Validation 14, 2020.

Shares of a half each became a quarter and three quarters: -0.25 ln 0.5 + 0.25 ln 1.5 = 0.275:

>>> round(score(np.array([5 * 10**6] * 2), np.array([25 * 10**5, 75 * 10**5])).effect, 3)
0.275
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes

TAKES: tuple[Takes, ...] = ("numbers", "categories", "missing", "outside")
EFFECT: Effect = "index"
CALLS = False
_PRIOR = 0.5


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Counters ``[b]`` of both samples."""
    if not reference.sum() or not now.sum():
        return NOTHING._replace(p=None)
    before, after = ((counts + _PRIOR) / (counts + _PRIOR).sum() for counts in (reference, now))
    index = float(((after - before) * np.log(after / before)).sum())
    return Found(index, None, index)
