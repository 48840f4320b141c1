"""Numbers beyond Tukey's fences become the fence: ``clip_fences:1.5`` cuts 1.5 quartile ranges past the quartiles.

Source: J. W. Tukey, Exploratory Data Analysis, 1977, section 2D. Where the middle half of a column is one value
the fences would make it a constant, so the column is left as it is; so is one that is missing everywhere.

>>> import numpy as np
>>> fit(np.array([[0.0], [1.0], [2.0], [3.0], [400.0]], dtype=np.float32))
{'low': [-2.0], 'high': [6.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import LARGEST, exact, known, row
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
OPTION: float = 1.5
OPTION_RANGE = (0.0, 1000.0)


def fit(block: NDArray[np.generic], option: float = OPTION) -> Params:
    """The two fences of each column of ``[n, k]``, missing left out."""
    found = [_fences(c, option) for c in known(block)]
    return {"low": exact(low for low, _ in found), "high": exact(high for _, high in found)}


def _fences(column: NDArray[np.float64], factor: float) -> tuple[float, float]:
    if not len(column):
        return -LARGEST, LARGEST
    low, high = (float(q) for q in np.quantile(column, [0.25, 0.75]))
    reach = factor * (high - low)
    return (low - reach, high + reach) if high > low else (-LARGEST, LARGEST)


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``min(max(x, low), high)``."""
    return graph.node("Min", graph.node("Max", x, row(graph, params["low"])), row(graph, params["high"]))


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
