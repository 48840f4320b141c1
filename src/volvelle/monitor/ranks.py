"""How unusual a window is among healthy windows of the same length, where rows resemble their neighbours.

Each healthy window is compared with all the others, as a window of now is compared with all of them. A window of now
that is not beyond every healthy one has the chance of its rank. One that is beyond them all has the chance that the
spread of the healthy statistics foretells: they are taken for a multiple of chi-square whose multiple and degrees of
freedom are those of their mean and variance (Satterthwaite), which makes the ratio to their mean a ratio of Fisher.

References: ranks: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; moments: Satterthwaite,
Biometrics Bulletin 2, 1946; batches of rows that depend on each other: Schmeiser, Operations Research 30, 1982.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import DriftTest, Found
from volvelle.monitor.tails import ratio, shrunk

FEWEST = 5
"""Healthy windows that do not overlap, below which nothing is called."""
_DOUBT, _MANY = 6.0, 40
"""How much heavier a tail is taken than few windows show it, and from how many on that falls more slowly."""


class Healthy(NamedTuple):
    """Statistics of healthy windows."""

    statistics: NDArray[np.float64]
    apart: int
    """How many of the windows do not overlap."""
    freedom: float

    def chance(self, statistic: float) -> float:
        """Chance of a healthy window with a statistic at least as large.

        >>> Healthy(np.arange(1.0, 10.0), 9, 2.0).chance(7.5)
        0.3
        """
        if self.apart < FEWEST:
            return 1.0
        beyond = float((self.statistics >= statistic).mean())
        rank = (1 + beyond * self.apart) / (1 + self.apart)
        mean = float(self.statistics.mean())
        if beyond or mean <= 0:
            return rank
        return min(rank, ratio(statistic / mean, self.freedom, self.freedom * self.apart))

    def effect(self, found: Found) -> float:
        """The effect less what healthy windows show on average, which is more than chance alone."""
        alone = shrunk(found.statistic, found.freedom)
        return found.effect / alone * shrunk(found.statistic, float(self.statistics.mean())) if alone else 0.0


def healthy(test: DriftTest, whole: NDArray[Any], windows: NDArray[Any], span: int) -> Healthy:
    """What a test says of the healthy windows themselves.

    Args:
        test: to be ranked by its statistic.
        whole: counters of all healthy rows, ``[b]``.
        windows: counters of successive windows, ``[w, b]``.
        span: how many windows are looked at together.
    """
    summed = np.cumsum(np.vstack([np.zeros_like(windows[:1]), windows]), axis=0)
    pools = summed[span:] - summed[:-span]
    found = [test.score(whole - pool, pool) for pool in pools]
    statistics = np.asarray([f.statistic for f in found], dtype=np.float64)
    apart = len(windows) // span
    most = max((f.freedom for f in found), default=1)
    mean, variance = (float(statistics.mean()), float(statistics.var())) if len(found) else (0.0, 0.0)
    # Few windows show the spread of a statistic only roughly: the benefit of the doubt is a heavier tail.
    doubt = _DOUBT * max(1.0, (_MANY / apart) ** 0.5) / apart**0.5
    cautious = 2 * mean**2 / variance / (1 + doubt) if variance > 0 else 1.0
    freedom = min(float(most), max(1.0, cautious))
    return Healthy(statistics, apart, freedom)
