"""Pinball loss: the error of a predicted quantile, in the unit of the target.

A prediction that is too low by d costs ``quantile * d``, one that is too high ``(1 - quantile) * d``; the true
quantile has the least expected cost. The quantile is ``[require] quantile``, 0.5 unless the spec says
otherwise: half of the MAE, for the median. NaN without rows.

Reference: Koenker and Bassett, Regression quantiles, Econometrica 46, 1978.

At the quantile 0.9 too low by 1 costs 0.9, too high by 1 costs 0.1:

>>> import numpy as np
>>> score(np.array([1.0, 1.0]), np.array([0.0, 2.0]), quantile=0.9)
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
DIRECTION: Direction = "down"
RANGE: tuple[float, float] = (0.0, 1e999)
NEEDS: Needs = "values"
PARAMETERS: tuple[str, ...] = ("quantile",)


def score(y: NDArray[Any], p: NDArray[Any], *, quantile: float = 0.5) -> float:
    """Mean pinball loss."""
    return float(weighted(y, p, np.ones((1, len(y))), quantile=quantile)[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64], *, quantile: float = 0.5) -> NDArray[np.float64]:
    """The loss when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    missed = np.asarray(y - p, dtype=np.float64)
    loss = np.maximum(quantile * missed, (quantile - 1.0) * missed)
    return ratio(w @ loss, w.sum(axis=1))
