"""Missing numbers become the column's median over the training rows.

A column that is missing everywhere becomes 0. Infinite values are left out of the median; in the graph
they become the largest finite number, so that what goes out is always finite.

>>> import numpy as np
>>> fit(np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]], dtype=np.float32))
{'fill': [2.0, 0.0]}
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
    """The median of each column of ``[n, k]``, missing left out."""
    return {"fill": exact(float(np.median(c)) if len(c) else 0.0 for c in known(block))}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``where(isnan(x), fill, x)``."""
    return fill(graph, x, params["fill"])


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
