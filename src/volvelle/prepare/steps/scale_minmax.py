"""Numbers mapped so that the training rows lie in [0, 1].

A later number outside the training range leaves [0, 1], up to plus or minus 1e6, where it is clamped; it is not
hidden at the edge. A constant column becomes 0; a missing number stays missing.

>>> import numpy as np
>>> fit(np.array([[-1.0, 4.0], [3.0, 4.0]], dtype=np.float32))
{'centre': [-1.0, 4.0], 'spread': [4.0, 1.0]}
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
    """Lowest value and range of each column of ``[n, k]``, missing left out."""
    columns = known(block)
    return {
        "centre": exact(float(c.min()) if len(c) else 0.0 for c in columns),
        "spread": spreads(float(np.ptp(c)) if len(c) else 0.0 for c in columns),
    }


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``clip((x - lowest) / range)``."""
    return scale(graph, x, params["centre"], params["spread"])


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
