"""Two numbers become their product: an area from two lengths, power from torque and speed.

Written in the spec as a pair of columns, ``[prepare] pairs = ["torque * speed"]``. Missing where one of them is.

>>> import numpy as np
>>> params = fit(np.array([[6.0, 3.0]], dtype=np.float32))
>>> params, names(("a", "b"), params)
({}, ('a * b',))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import LARGEST, clamp, paired, sides
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
PAIRS = True


def fit(block: NDArray[np.generic]) -> Params:
    """There is nothing to learn."""
    return {}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``a * b``; what overflows is the largest finite number."""
    one, other = sides(graph, x)
    return clamp(graph, graph.node("Mul", one, other), LARGEST)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``a * b``."""
    return paired(columns, "*")
