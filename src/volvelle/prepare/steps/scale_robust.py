"""Numbers minus their median, divided by their interquartile range: outliers do not move the scale.

Where the middle half of a column is one value (mostly zeros, say) the standard deviation takes the range's
place; a constant column becomes 0. What goes out is clamped to plus or minus 1e6; missing stays missing.

>>> import numpy as np
>>> fit(np.array([[0.0], [1.0], [2.0], [3.0], [400.0]], dtype=np.float32))
{'centre': [2.0], 'spread': [2.0]}
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
    """Median and interquartile range of each column of ``[n, k]``, missing left out."""
    found = [_quartiles(c) for c in known(block)]
    return {"centre": exact(c for c, _ in found), "spread": spreads(s for _, s in found)}


def _quartiles(column: NDArray[np.float64]) -> tuple[float, float]:
    if not len(column):
        return 0.0, 0.0
    low, middle, high = (float(q) for q in np.quantile(column, [0.25, 0.5, 0.75]))
    return middle, high - low if high > low else float(column.std())


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``clip((x - centre) / spread)``."""
    return scale(graph, x, params["centre"], params["spread"])


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
