"""A category becomes its code as a number; missing and unseen become NaN.

For learners with native categories and missing values, such as LightGBM.

>>> import numpy as np
>>> fit(np.array([[0, 3]], dtype=np.int64))
{}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import row, whole
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "number"
CATEGORICAL = True


def fit(block: NDArray[np.generic]) -> Params:
    """Nothing to learn: the code is the position in the category list."""
    return {}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``where(x < 0, nan, float(x))``."""
    absent = graph.node("Less", x, whole(graph, 0), kind="bool")
    nothing = row(graph, [np.nan])
    return graph.node("Where", absent, nothing, graph.cast(x, "float"), kind="float", width=x.width)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
