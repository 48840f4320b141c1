"""PR-AUC: average precision, the area under the precision-recall curve taken as steps.

The precision at each threshold, weighted by the recall that the threshold adds; no interpolation.
Rows of equal score enter together. A constant score has the share of positives. Binary: of the scores
of class 1; NaN when no row is positive. More classes: the mean over the classes that occur, each
against all other rows (one-vs-rest, macro average).

Reference: Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, 8.4; why steps:
Davis and Goadrich, ICML 2006.

By falling score the truth reads 1, 0, 1, 0: half of the recall at precision 1/1, half at 2/3:

>>> import numpy as np
>>> p = np.array([0.1, 0.4, 0.35, 0.8])
>>> round(score(np.array([0, 0, 1, 1]), np.column_stack([1 - p, p])), 4)
0.8333
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
    """Average precision of probabilities ``[n, k]``."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average precision when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    if p.shape[1] == 2:
        return _average(y == 1, p[:, 1], w)
    each = np.column_stack([_average(y == c, p[:, c], w) for c in range(p.shape[1])])
    return macro(each, ~np.isnan(each))


def _average(positive: NDArray[np.bool_], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    if not positive.any() or np.isnan(p).any():
        return np.full(len(w), np.nan)
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.append(np.diff(p[order]) < 0, True))
    weights = w[:, order]
    found = np.cumsum(weights * positive[order], axis=1)[:, last]
    called = np.cumsum(weights, axis=1)[:, last]
    precision = np.nan_to_num(ratio(found, called))
    return np.clip(ratio((np.diff(found, axis=1, prepend=0.0) * precision).sum(axis=1), found[:, -1]), 0.0, 1.0)
