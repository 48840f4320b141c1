"""The signed logarithm, sign(x) log(1 + |x|): defined everywhere, 0 at 0, the same for both signs.

Evaluated in float32, so numbers under about 1e-7 in size become 0: scale very small columns first, or use
`power`, which fits the scale. A missing number stays missing.

>>> import numpy as np
>>> fit(np.array([[1.0]], dtype=np.float32))
{}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import row
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"


def fit(block: NDArray[np.generic]) -> Params:
    """Nothing to learn."""
    return {}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``sign(x) * log(1 + abs(x))``."""
    size = graph.node("Add", graph.node("Abs", x), row(graph, [1.0]))
    return graph.node("Mul", graph.node("Sign", x), graph.node("Log", size))


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``log1p(a)``."""
    return tuple(f"log1p({c})" for c in columns)
