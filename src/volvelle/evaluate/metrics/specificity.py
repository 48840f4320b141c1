"""Specificity: of the rows that are negative, the share that was called negative.

The recall of class 0 of a binary task. NaN when no row is negative.

Reference: ISO/IEC TS 4213:2022, 6.2.

Of three negative rows one raised a false alarm:

>>> import numpy as np
>>> round(score(np.array([0, 0, 0, 1]), np.array([0, 1, 0, 0])), 4)
0.6667
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import confusion, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary",)
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (0.0, 1.0)
NEEDS: Needs = "labels"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """True negatives over all negative rows."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Specificity of each table ``[..., 2, 2]``."""
    return ratio(counts[..., 0, 0], counts[..., 0, :].sum(axis=-1))


def share(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Negatives called negative, and all negatives."""
    return int(counts[0, 0]), int(counts[0].sum())
