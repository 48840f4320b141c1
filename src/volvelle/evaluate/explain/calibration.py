"""The calibration curve: what was said, against what came true.

Rows are sorted by what was said and cut into ten bins of as many rows. Binary: the probability of the
positive class against its share, with Wilson's interval. More classes: the largest probability
against how often it was right. Regression: the mean prediction against the mean truth, with the
interval of the mean.

Reference: DeGroot and Fienberg, The comparison and evaluation of forecasters, The Statistician 32, 1983.
"""

from __future__ import annotations

import math

import numpy as np

from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.records import Bin
from volvelle.evaluate.metrics.ece import stated
from volvelle.evaluate.proportions import student, wilson
from volvelle.model.signature import ModelTask

BINS, FEWEST = 10, 5


def calibration(side: Side, task: ModelTask, level: float = 0.95) -> tuple[Bin, ...]:
    """Up to ten bins, lowest first; equal answers stay in one bin. Empty below ten rows.

    >>> y, p = np.array([0] * 30 + [1] * 10), np.full(40, 0.25)
    >>> found = calibration(Side(y=y, labels=y, scores=np.column_stack([1 - p, p])), "binary")
    >>> [(b.stated, b.observed, b.rows) for b in found]
    [(0.25, 0.25, 40)]
    """
    said, true = (side.scores[:, 0], side.y) if task == "regression" else stated(side.y, side.scores)
    count = min(BINS, len(said) // FEWEST)
    if count < 2:
        return ()
    edges = np.unique(np.quantile(said, np.arange(1, count) / count))
    place = np.searchsorted(edges, said, side="right")
    found = []
    for number in np.unique(place):
        here, answers = true[place == number], said[place == number]
        rows, observed = len(here), float(np.mean(here))
        if task == "regression":
            reach = student(level, rows - 1) * float(np.std(here, ddof=1)) / math.sqrt(rows) if rows > 1 else math.inf
            low, high = (observed - reach, observed + reach) if math.isfinite(reach) else (observed, observed)
        else:
            low, high = wilson(float(here.sum()), rows, level)
        found.append(Bin(stated=float(answers.mean()), observed=observed, low=low, high=high, rows=rows))
    return tuple(found)
