"""Recall (sensitivity): of the rows that are positive, the share that was found.

Binary: of class 1; NaN when no row is positive. More classes: the mean over the classes that occur
in the truth, each weighing the same (macro average); NaN without rows.

Reference: ISO/IEC TS 4213:2022, 6.2.

Of two positive rows one was found:

>>> import numpy as np
>>> score(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]))
0.5
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
    """True positives over all positive rows."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Recall of each table ``[..., k, k]``."""
    true = counts.sum(axis=-1)
    each = ratio(hits(counts), true)
    return each[..., 1] if counts.shape[-1] == 2 else macro(each, true > 0)


def share(counts: NDArray[np.int64]) -> tuple[int, int] | None:
    """Positives found, and all positives; None where recall is an average over classes."""
    return (int(counts[1, 1]), int(counts[1].sum())) if len(counts) == 2 else None
