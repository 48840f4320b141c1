"""Log loss: the mean of minus the natural logarithm of the probability given to the true class.

A strictly proper score: only honest probabilities minimise it. Probabilities below 2.2e-16 (the
distance from 1 to the next float64) count as that, so one row costs at most 36.04. ln 2 = 0.6931
for a coin toss. NaN without rows.

Reference: Good, Rational decisions, JRSS B 14, 1952; Gneiting and Raftery, JASA 102, 2007.

The true classes were given 0.5 and 0.25, so ln(8) / 2:

>>> import numpy as np
>>> round(score(np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]])), 4)
1.0397
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
RANGE: tuple[float, float] = (0.0, 1e999)
NEEDS: Needs = "scores"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Mean surprise at the true class, in nats, of probabilities ``[n, k]``."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log loss when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    given = p[np.arange(len(y)), y.astype(np.int64)].astype(np.float64)
    loss = -np.log(np.clip(given, np.finfo(np.float64).eps, 1.0))
    return ratio(w @ loss, w.sum(axis=1))
