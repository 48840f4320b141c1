"""Precision: of the rows that were called positive, the share that is.

Binary: of class 1; NaN when no row was called positive. More classes: the mean over the classes that
occur in truth or prediction, each weighing the same (macro average); there a class that was never
predicted counts 0, as in scikit-learn. NaN without rows.

Reference: ISO/IEC TS 4213:2022, 6.2.

Three rows were called positive, two of them are:

>>> import numpy as np
>>> round(score(np.array([0, 1, 1, 1]), np.array([1, 1, 1, 0])), 4)
0.6667
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import confusion, hits, macro, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (0.0, 1.0)
NEEDS: Needs = "labels"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """True positives over all rows called positive."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Precision of each table ``[..., k, k]``."""
    called = counts.sum(axis=-2)
    each = ratio(hits(counts), called)
    if counts.shape[-1] == 2:
        return each[..., 1]
    return macro(np.nan_to_num(each), called + counts.sum(axis=-1) > 0)


def share(counts: NDArray[np.int64]) -> tuple[int, int] | None:
    """Right alarms, and all alarms; None where precision is an average over classes."""
    return (int(counts[1, 1]), int(counts[:, 1].sum())) if len(counts) == 2 else None
