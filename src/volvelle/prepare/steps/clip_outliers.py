"""Numbers beyond a quantile become that quantile: ``clip_outliers:0.01`` keeps the range from 1 % to 99 %.

The argument is the share of training rows cut off at each end. A column that is missing everywhere is left
as it is. For fences that depend on the spread instead of a share see `clip_fences`.

>>> import numpy as np
>>> fit(np.array([[0.0], [1.0], [2.0], [3.0], [400.0]], dtype=np.float32), option=0.25)
{'low': [1.0], 'high': [3.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import LARGEST, exact, known, row
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
OPTION: float = 0.01
OPTION_RANGE = (0.0, 0.49)


def fit(block: NDArray[np.generic], option: float = OPTION) -> Params:
    """The two quantiles of each column of ``[n, k]``, missing left out."""
    found = [np.quantile(c, [option, 1 - option]) if len(c) else (-LARGEST, LARGEST) for c in known(block)]
    return {"low": exact(float(f[0]) for f in found), "high": exact(float(f[1]) for f in found)}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``min(max(x, low), high)``."""
    return graph.node("Min", graph.node("Max", x, row(graph, params["low"])), row(graph, params["high"]))


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
