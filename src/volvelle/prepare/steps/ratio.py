"""Two numbers become their ratio: a rate from two counts, a price per area.

Written in the spec as a pair of columns, ``[prepare] pairs = ["rooms / households"]``. Missing where one of them is,
and where the second is 0: nothing that a number could say is right there.

>>> import numpy as np
>>> params = fit(np.array([[6.0, 3.0]], dtype=np.float32))
>>> params, names(("a", "b"), params)
({}, ('a / b',))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.prepare.arithmetic import LARGEST, clamp, paired, row, sides
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "number"
GIVES: Flow = "number"
PAIRS = True


def fit(block: NDArray[np.generic]) -> Params:
    """There is nothing to learn."""
    return {}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``a / b``; what overflows is the largest finite number."""
    one, other = sides(graph, x)
    zero = graph.node("Equal", other, row(graph, [0.0]), kind="bool")
    divisor = graph.node("Where", zero, row(graph, [np.nan]), other, kind="float", width=other.width)
    return clamp(graph, graph.node("Div", one, divisor), LARGEST)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``a / b``."""
    return paired(columns, "/")
