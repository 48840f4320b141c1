"""Missing numbers become the column's median over the training rows.

A column that is missing everywhere becomes 0.

>>> import numpy as np
>>> fit(np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]], dtype=np.float32))
{'fill': [2.0, 0.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"


def fit(block: NDArray[np.generic]) -> Params:
    """The median of each column, missing left out."""
    numbers = np.asarray(block, dtype=np.float64)
    fill = [float(np.median(c[~np.isnan(c)])) if not np.isnan(c).all() else 0.0 for c in numbers.T]
    return {"fill": fill}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``where(isnan(x), fill, x)``."""
    fill = graph.constant(np.asarray(params["fill"], dtype=np.float32))
    return graph.node("Where", graph.node("IsNaN", x, kind="bool"), fill, x, kind="float", width=x.width)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
