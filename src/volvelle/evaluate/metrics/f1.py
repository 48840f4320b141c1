"""F1: the harmonic mean of precision and recall.

Binary: of class 1, ``2 TP / (2 TP + FP + FN)``; NaN when no row is positive and none was called so.
More classes: the mean over the classes that occur in truth or prediction, each weighing the same
(macro average); NaN without rows.

Reference: van Rijsbergen, Information Retrieval, 2nd edition 1979, chapter 7; ISO/IEC TS 4213:2022, 6.2.

TP 2, FP 1, FN 1, so 4 / 6:

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
    """Harmonic mean of precision and recall."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """F1 of each table ``[..., k, k]``."""
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    each = ratio(2 * hits(counts), both)
    return each[..., 1] if counts.shape[-1] == 2 else macro(each, both > 0)
