"""Cost: what the answers cost on average, by the user's own matrix.

``[require] costs`` holds a row for each true class and a column for each predicted one, classes in the order of
the report (in a binary task the positive one last): ``[[0, 1], [20, 0]]`` says that a missed positive
costs twenty false alarms. Without a matrix every wrong answer costs 1, which is the error rate. In the
unit of the matrix; NaN without rows.

Reference: Elkan, The foundations of cost-sensitive learning, IJCAI 2001.

Of four rows one is a false alarm for 1 and one a miss for 20:

>>> import numpy as np
>>> score(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), costs=((0, 1), (20, 0)))
5.25
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import confusion, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "down"
RANGE: tuple[float, float] = (0.0, 1e999)
NEEDS: Needs = "labels"
PARAMETERS: tuple[str, ...] = ("costs",)
Costs = Sequence[Sequence[float]]


def score(y: NDArray[Any], p: NDArray[Any], *, costs: Costs = ()) -> float:
    """Mean cost of a row."""
    return float(of_counts(confusion(y, p, len(costs) or None), costs=costs))


def of_counts(counts: NDArray[Any], *, costs: Costs = ()) -> NDArray[np.float64]:
    """Mean cost of each table ``[..., k, k]``."""
    tables = np.asarray(counts, dtype=np.float64)
    each = np.asarray(costs, dtype=np.float64) if len(costs) else 1.0 - np.eye(tables.shape[-1])
    return ratio((tables * each).sum(axis=(-2, -1)), tables.sum(axis=(-2, -1)))
