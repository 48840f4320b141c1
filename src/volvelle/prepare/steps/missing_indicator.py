"""One 0/1 column for each column that had something missing in training: 1 where the number is missing.

That a value was not measured often says something by itself; after imputing nobody could tell any more.
A column that was never missing gives nothing, since a learner would see a constant.

>>> import numpy as np
>>> params = fit(np.array([[1.0, np.nan], [2.0, 5.0]], dtype=np.float32))
>>> params, names(("a", "b"), params)
({'columns': [1]}, ('b is missing',))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
FILLS = True


def fit(block: NDArray[np.generic]) -> Params:
    """Positions of the columns of ``[n, k]`` that have something missing."""
    missing = np.isnan(np.asarray(block, dtype=np.float32)).any(axis=0)
    return {"columns": [int(c) for c in np.flatnonzero(missing)]}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``float(isnan(x[:, columns]))``."""
    return graph.cast(graph.node("IsNaN", graph.columns(x, params["columns"]), kind="bool"), "float")


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``b is missing`` for each column b that is kept."""
    return tuple(f"{columns[c]} is missing" for c in params["columns"])
