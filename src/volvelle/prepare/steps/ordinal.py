"""A category becomes its code as a number; missing and unseen become -1, so nothing is missing afterwards.

For learners that split on thresholds and refuse missing values. Learners with native categories are better
served by `ordinal_or_missing`.

>>> import numpy as np
>>> fit(np.array([[0, 3]], dtype=np.int64))
{}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_CODE
from volvelle.prepare.arithmetic import whole
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "number"
FILLS = True
CATEGORICAL = True


def fit(block: NDArray[np.generic]) -> Params:
    """Nothing to learn: the code is the position in the category list."""
    return {}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``float(max(x, -1))``."""
    return graph.cast(graph.node("Max", x, whole(graph, MISSING_CODE)), "float")


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
