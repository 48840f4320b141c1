"""RMSE: the square root of the mean squared error, in the unit of the target.

Large errors weigh most. NaN without rows.

Reference: Chai and Draxler, Geoscientific Model Development 7, 2014.

Errors 3 and 4, so the root of 12.5:

>>> import numpy as np
>>> round(score(np.array([0.0, 0.0]), np.array([3.0, 4.0])), 4)
3.5355
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
    """Root of the mean squared difference."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """RMSE when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    return np.sqrt(ratio(w @ (y - p) ** 2, w.sum(axis=1)))
