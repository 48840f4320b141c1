"""MAE: the mean absolute error, in the unit of the target.

Every unit of error weighs the same. NaN without rows.

Reference: Willmott and Matsuura, Advantages of the mean absolute error, Climate Research 30, 2005.

Errors 3 and 4:

>>> import numpy as np
>>> score(np.array([0.0, 0.0]), np.array([3.0, 4.0]))
3.5
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
    """Mean absolute difference."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """MAE when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    return ratio(w @ np.abs(y - p), w.sum(axis=1))
