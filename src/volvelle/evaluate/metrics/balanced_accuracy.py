"""Balanced accuracy: the mean of the recalls of all classes that occur in the truth.

0.5 for a constant answer in a binary task, whatever the balance of the classes. Equal to macro
recall when there are more than two classes. NaN without rows; a class that the truth lacks is left out.

Reference: Brodersen, Ong, Stephan and Buhmann, The balanced accuracy and its posterior distribution, ICPR 2010.

The recall of class 0 is 2/2, of class 1 it is 1/2:

>>> import numpy as np
>>> score(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
0.75
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
    """Mean recall of the classes present in `y`."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Mean recall of each table ``[..., k, k]``."""
    true = counts.sum(axis=-1)
    return macro(ratio(hits(counts), true), true > 0)
