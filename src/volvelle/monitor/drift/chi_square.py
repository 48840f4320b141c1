"""Chi-square test of nominal counters: whether the shares of categories have changed.

The likelihood-ratio form (Wilks), because at the small chances that a year of windows asks for its tail is nearer to
chi-square than Pearson's. Categories of which fewer than 5 rows are expected in the smaller sample are put together.
The effect is the share of rows that have changed their category, less what chance shows on average.

Reference: Agresti, Categorical Data Analysis, 2013, 3.2.

Of 100 rows each, 50 and 40 are of the first category: 2 (50 ln 50/45 + 50 ln 50/55 + 40 ln 40/45 + 60 ln 60/55):

>>> found = score(np.array([50, 50]), np.array([40, 60]))
>>> round(found.statistic, 3), round(found.p or 0, 3), found.freedom
(2.024, 0.155, 1)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes
from volvelle.monitor.tails import chi_square, deviance, shrunk

TAKES: tuple[Takes, ...] = ("categories",)
EFFECT: Effect = "share"
_FEWEST = 5.0


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Counters ``[b]`` of both samples, in any order."""
    rows, size = float(reference.sum()), float(now.sum())
    if not rows or not size:
        return NOTHING
    pooled = reference + now
    rare = pooled * min(rows, size) / (rows + size) < _FEWEST
    table = np.stack([reference, now])
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return NOTHING
    statistic, freedom = deviance(table[0], table[1]), table.shape[1] - 1
    moved = 0.5 * float(np.abs(table[1] / size - table[0] / rows).sum()) * shrunk(statistic, freedom)
    return Found(statistic, chi_square(statistic, freedom), moved, freedom)
