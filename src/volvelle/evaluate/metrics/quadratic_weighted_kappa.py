"""Quadratic weighted kappa: agreement of ordered classes beyond chance, far misses costing most.

A miss by d classes costs d squared, and the sum is held against what chance would give with the same
shares of classes. 1 is perfect, 0 no better than chance. Classes are ordered as the report lists them:
numbers by size, names by alphabet. For two classes it is Cohen's kappa. NaN where truth and
prediction hold one and the same class, so that chance makes no mistake either.

Reference: Cohen, Weighted kappa, Psychological Bulletin 70, 1968.

One of three rows is off by one class; chance would cost 15/9 a row: 1 - (1/3) / (15/9).

>>> import numpy as np
>>> round(score(np.array([0, 1, 2]), np.array([0, 2, 2])), 4)
0.8
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import confusion, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (-1.0, 1.0)
NEEDS: Needs = "labels"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Weighted agreement of class positions."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Kappa of each table ``[..., k, k]``."""
    tables = np.asarray(counts, dtype=np.float64)
    place = np.arange(tables.shape[-1])
    costs = (place[:, None] - place[None, :]) ** 2
    by_chance = tables.sum(axis=-1)[..., :, None] * tables.sum(axis=-2)[..., None, :]
    seen = (tables * costs).sum(axis=(-2, -1)) * tables.sum(axis=(-2, -1))
    return 1.0 - ratio(seen, (by_chance * costs).sum(axis=(-2, -1)))
