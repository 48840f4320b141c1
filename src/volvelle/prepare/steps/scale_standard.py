"""Numbers minus their mean, divided by their standard deviation (n, not n - 1, in the denominator).

A constant column becomes 0. What goes out is clamped to plus or minus 1e6, so that it is finite for any
input; a missing number stays missing. Infinite training values are left out of the fit.

>>> import numpy as np
>>> fit(np.array([[1.0, 4.0], [3.0, 4.0]], dtype=np.float32))
{'centre': [2.0, 4.0], 'spread': [1.0, 1.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import exact, known, scale, spreads
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"


def fit(block: NDArray[np.generic]) -> Params:
    """Mean and standard deviation of each column of ``[n, k]``, missing left out."""
    columns = known(block)
    return {
        "centre": exact(float(c.mean()) if len(c) else 0.0 for c in columns),
        "spread": spreads(float(c.std()) if len(c) else 0.0 for c in columns),
    }


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``clip((x - centre) / spread)``."""
    return scale(graph, x, params["centre"], params["spread"])


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
