"""ROC-AUC: the chance that a positive row scores higher than a negative one.

Ties count one half. Binary: of the scores of class 1; NaN when a class is absent. More classes: the
mean over the classes that occur, each against all other rows (one-vs-rest, macro average).

Reference: Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 143, 1982.

Of the four pairs of a positive and a negative row, three are in order:

>>> import numpy as np
>>> p = np.array([0.1, 0.4, 0.35, 0.8])
>>> score(np.array([0, 0, 1, 1]), np.column_stack([1 - p, p]))
0.75
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import macro, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (0.0, 1.0)
NEEDS: Needs = "scores"
BALANCED = True


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Area under the ROC curve of probabilities ``[n, k]``."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    if p.shape[1] == 2:
        return _area(y == 1, p[:, 1], w)
    each = np.column_stack([_area(y == c, p[:, c], w) for c in range(p.shape[1])])
    return macro(each, ~np.isnan(each))


def _area(positive: NDArray[np.bool_], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    if not positive.any() or positive.all() or np.isnan(p).any():
        return np.full(len(w), np.nan)
    order = np.argsort(p, kind="stable")
    last = np.flatnonzero(np.append(np.diff(p[order]) > 0, True))
    weights = w[:, order]
    up = np.cumsum(weights * positive[order], axis=1)[:, last]
    down = np.cumsum(weights * ~positive[order], axis=1)[:, last]
    # Trapezoids over groups of equal score: half of a tie is in order.
    wins = (np.diff(up, axis=1, prepend=0.0) * (down + np.diff(down, axis=1, prepend=0.0) * -0.5)).sum(axis=1)
    return np.clip(ratio(wins, up[:, -1] * down[:, -1]), 0.0, 1.0)
