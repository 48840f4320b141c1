"""Accuracy: the share of rows whose predicted class is the true one.

Misleading when classes are unbalanced: compare it with the majority share. NaN without rows.

Reference: ISO/IEC TS 4213:2022, 6.2.

>>> import numpy as np
>>> score(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
0.75
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import hits, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (0.0, 1.0)
NEEDS: Needs = "labels"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Share of rows where `p` equals `y`."""
    return float(np.mean(y == p)) if len(y) else float("nan")


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """The diagonal's share of each table ``[..., k, k]``."""
    return ratio(hits(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def share(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Rows predicted right, and all rows."""
    return int(hits(counts).sum()), int(counts.sum())
