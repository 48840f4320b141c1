"""Neyman's smooth test: whether counters in their order have moved, widened, or changed in any other way.

The counters of both samples are pooled, and the normal scores of the pooled ranks carry four polynomials that are
orthonormal there. Under equal distributions the differences of their means, in their standard errors, are independent,
and the square of each is chi-square with 1 degree of freedom. The effect is the share of rows that have moved, less
what chance shows on average: that of the four differences, or of all counters where they show more.

Most of what drifts is a shift, which shows in the first difference: van der Waerden's test, which of rows is never
worse than the t test (Chernoff and Savage 1958), and which 16 counters cost 1 % of a shift of normal rows where ranks
cost 3 %. The second is the spread. What is neither, such as a heap in the middle, is left to all counters
(`chi_square`). The three divide the chance of a false alarm among them by 8 to 1 to 1: what is large in other ways is
seen for a tenth of it too, and a shift nearly as if nothing else were looked for. For a chance of 1 in 7,300 it must
reach 3.87 standard errors instead of 3.81.

References: Neyman, Smooth test for goodness of fit, Skandinavisk Aktuarietidskrift 20, 1937; two samples: Bera, Ghosh
and Xiao, A smooth test for the equality of distributions, Econometric Theory 29, 2013; components by themselves:
Eubank, LaRiccia and Rosenstein, Test statistics derived as components of Pearson's phi-squared, JASA 82, 1987; normal
scores: Chernoff and Savage, Annals of Mathematical Statistics 29, 1958; unequal shares of the chance: Genovese, Roeder
and Wasserman, False discovery control with p-value weighting, Biometrika 93, 2006.

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
from scipy.special import ndtri

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes
from volvelle.monitor.drift import chi_square as counters
from volvelle.monitor.tails import chi_square, shrunk

TAKES: tuple[Takes, ...] = ("numbers",)
EFFECT: Effect = "share"
_ORDER = 4
_SHARES = 0.8, 0.1, 0.1
"""Of the chance of a false alarm: a shift, a spread, all counters."""


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
    squares = means**2 * scale
    statistic, freedom = float(squares.sum()), waves.shape[1]
    moved = 0.5 * float(shares @ np.abs(waves @ means)) * shrunk(statistic, freedom)
    if freedom == 1:
        return Found(statistic, chi_square(statistic, 1), min(1.0, moved))
    every = counters.score(reference, now)
    chances = chi_square(squares[0], 1), chi_square(squares[1], 1), every.p if every.p is not None else 1.0
    chance = min(1.0, *(chance / share for chance, share in zip(chances, _SHARES, strict=True)))
    return Found(statistic, chance, min(1.0, max(moved, every.effect)), freedom)


def polynomials(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Polynomials of degree 1 to 4 in normal scores, orthonormal under the shares of counters ``[b]``: ``[b, 4]``.

    By the recurrence of three terms (Forsythe, Journal of the SIAM 5, 1957).

    >>> polynomials(np.array([0.5, 0.5])).round(6).tolist()
    [[-1.0], [1.0]]
    """
    normal = ndtri(np.cumsum(shares) - shares / 2)
    normal -= shares @ normal
    before, now, length, found = np.zeros_like(normal), np.ones_like(normal), 0.0, []
    for _ in range(min(_ORDER, len(shares) - 1)):
        then = (normal - shares @ (normal * now * now)) * now - length * before
        length = float(np.sqrt(shares @ (then * then)))
        before, now = now, then / length
        found.append(now)
    return np.stack(found, axis=1)
