"""MAPE: the mean absolute error as a share of the true value.

Written as a share: 0.1 is ten per cent. Too high answers weigh more than too low ones, which can miss
by no more than 1. Rows whose true value is 0 have no such share and are left out; NaN where no other
row is left.

Reference: Hyndman and Koehler, Another look at measures of forecast accuracy, International Journal of
Forecasting 22, 2006.

Off by a tenth and by a half:

>>> import numpy as np
>>> score(np.array([10.0, 2.0, 0.0]), np.array([11.0, 1.0, 5.0]))
0.3
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("regression",)
DIRECTION: Direction = "down"
RANGE: tuple[float, float] = (0.0, 1e999)
NEEDS: Needs = "values"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Mean of ``|y - p| / |y|`` over the rows where y is not 0."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """MAPE when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    kept = np.asarray(y) != 0
    shares = np.abs(y - p)[kept] / np.abs(np.asarray(y, dtype=np.float64)[kept])
    return ratio(w[:, kept] @ shares, w[:, kept].sum(axis=1))
