"""Missing numbers become the column's most frequent value over the training rows.

Of equally frequent values the smallest is taken. A column that is missing everywhere becomes 0; infinite
numbers become the largest finite ones. For categories see `impute_category`.

>>> import numpy as np
>>> fit(np.array([[2.0, np.nan], [7.0, np.nan], [7.0, np.nan]], dtype=np.float32))
{'fill': [7.0, 0.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import exact, fill, known
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
FILLS = True


def fit(block: NDArray[np.generic]) -> Params:
    """The mode of each column of ``[n, k]``, missing left out."""
    return {"fill": exact(_mode(c) for c in known(block))}


def _mode(column: NDArray[np.float64]) -> float:
    if not len(column):
        return 0.0
    values, counts = np.unique(column, return_counts=True)
    return float(values[np.argmax(counts)])


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``where(isnan(x), fill, x)``."""
    return fill(graph, x, params["fill"])


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
