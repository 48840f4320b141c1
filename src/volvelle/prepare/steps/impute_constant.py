"""Missing numbers become one constant: ``impute_constant:-1``; 0 when none is given.

Infinite numbers become the largest finite ones, so that what goes out is always finite.

>>> import numpy as np
>>> fit(np.array([[np.nan, 5.0]], dtype=np.float32), option=-1)
{'fill': [-1.0, -1.0]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import exact, fill
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
FILLS = True
OPTION: float = 0.0


def fit(block: NDArray[np.generic], option: float = OPTION) -> Params:
    """The constant, once a column of ``[n, k]``."""
    return {"fill": exact([option] * block.shape[1])}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``where(isnan(x), fill, x)``."""
    return fill(graph, x, params["fill"])


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
