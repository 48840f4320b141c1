"""R2: the coefficient of determination, the share of the target's variance that is explained.

1 is perfect, 0 as good as always saying the mean of these rows, below 0 worse. NaN when the truth is
constant or there are fewer than two rows.

Reference: Draper and Smith, Applied Regression Analysis, 3rd edition 1998, 1.3; Kvålseth, The American
Statistician 39, 1985 (its first form).

Squared errors sum to 1, squared distances from the mean to 2:

>>> import numpy as np
>>> score(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
0.5
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("regression",)
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (-1e999, 1.0)
NEEDS: Needs = "values"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """One minus squared error over variance."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """R2 when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    if len(y) < 2 or np.ptp(y) == 0:
        return np.full(len(w), np.nan)
    # Centred first: the variance of large values would otherwise lose its digits.
    centred, total = y - y.mean(), w.sum(axis=1)
    variance = w @ centred**2 - ratio((w @ centred) ** 2, total)
    return 1.0 - ratio(w @ (y - p) ** 2, variance)
