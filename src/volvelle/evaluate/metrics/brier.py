"""Brier score: the mean squared distance between probabilities and truth.

A strictly proper score. Binary: ``(p1 - y)^2``, from 0 to 1; always saying 0.5 gives 0.25. More classes:
Brier's own form, the sum over the classes of ``(p_c - y_c)^2``, from 0 to 2. NaN without rows.

Reference: Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78, 1950.

The mean of 0.3^2 and 0.1^2:

>>> import numpy as np
>>> round(score(np.array([1, 0]), np.array([[0.3, 0.7], [0.9, 0.1]])), 4)
0.05
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "down"
RANGE: tuple[float, float] = (0.0, 2.0)
NEEDS: Needs = "scores"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Mean squared error of probabilities ``[n, k]``."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Brier score when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    missed = np.asarray(p, dtype=np.float64) - (np.arange(p.shape[1]) == np.asarray(y)[:, None])
    loss = missed[:, 1] ** 2 if p.shape[1] == 2 else (missed**2).sum(axis=1)
    return ratio(w @ loss, w.sum(axis=1))
