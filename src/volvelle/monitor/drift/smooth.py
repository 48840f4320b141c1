"""Neyman's smooth test of order 4: whether counters in their order have moved, widened, leant or grown tails.

The counters of both samples are pooled, and the pooled ranks carry four polynomials that are orthonormal there. Under
equal distributions the four differences of means, in their standard errors, are independent, so that their squares add
up to chi-square with 4 degrees of freedom (one less than there are counters, where these are fewer). Against a shift or
a change of spread it has more power than chi-square on all counters. The effect is the share of rows that the four
differences move, less what chance shows on average.

Most of what drifts is a shift, and a shift shows in the first difference, which alone is Wilcoxon's rank sum of the
counters: its square has one degree of freedom where the four have four. The chance is twice the smaller one of both
(Bonferroni). For a chance of 1 in 7,300 the square of a shift must reach 15.9 by itself, and all four 24.3 instead of
22.8, which costs other kinds of drift little.

References: Neyman, Smooth test for goodness of fit, Skandinavisk Aktuarietidskrift 20, 1937; two samples: Bera, Ghosh
and Xiao, A smooth test for the equality of distributions, Econometric Theory 29, 2013; components by themselves:
Eubank, LaRiccia and Rosenstein, Test statistics derived as components of Pearson's phi-squared, JASA 82, 1987.

With two counters there is one polynomial, and the statistic is Pearson's chi-square of the table (here 800 x 0.1 x 0.1
/ 4 = 2) times 1 less the inverse of the rows:

>>> found = score(np.array([50, 50]), np.array([40, 60]))
>>> round(found.statistic / (1 - 1 / 200), 3), found.freedom
(2.02, 1)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes
from volvelle.monitor.tails import chi_square, shrunk

TAKES: tuple[Takes, ...] = ("numbers",)
EFFECT: Effect = "share"
_ORDER = 4


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Counters ``[b]`` of both samples, in the order of the values."""
    rows, size = float(reference.sum()), float(now.sum())
    pooled = (reference + now).astype(np.float64)
    held = pooled > 0
    if not rows or not size or held.sum() < 2:
        return NOTHING
    shares = pooled[held] / (rows + size)
    waves = polynomials(shares)
    means = waves.T @ (now[held] / size - reference[held] / rows)
    # Given the pooled counters, the covariance over all ways to deal the rows is exactly (total / (total - 1)) I.
    scale = rows * size / (rows + size) * (1 - 1 / (rows + size))
    statistic, freedom = float(means @ means) * scale, waves.shape[1]
    chance = chi_square(statistic, freedom)
    if freedom > 1:
        chance = min(1.0, 2 * min(chance, chi_square(float(means[0] ** 2) * scale, 1)))
    moved = 0.5 * float(shares @ np.abs(waves @ means)) * shrunk(statistic, freedom)
    return Found(statistic, chance, min(1.0, moved), freedom)


def polynomials(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Polynomials of degree 1 to 4 in the ranks of counters, orthonormal under their shares ``[b]``: ``[b, 4]``.

    By the recurrence of three terms (Forsythe, Journal of the SIAM 5, 1957).

    >>> polynomials(np.array([0.5, 0.5])).round(6).tolist()
    [[-1.0], [1.0]]
    """
    ranks = 2 * np.cumsum(shares) - shares - 1
    before, now, length, found = np.zeros_like(ranks), np.ones_like(ranks), 0.0, []
    for _ in range(min(_ORDER, len(shares) - 1)):
        then = (ranks - shares @ (ranks * now * now)) * now - length * before
        length = float(np.sqrt(shares @ (then * then)))
        before, now = now, then / length
        found.append(now)
    return np.stack(found, axis=1)
