"""One 0/1 column for each category that training saw.

Missing gets a column of its own only where training had missing values; elsewhere a missing category, like one
that training never saw, is 0 in all columns of its feature.

>>> import numpy as np
>>> params = fit(np.array([[0, 1], [2, -1], [0, -2]], dtype=np.int64))
>>> params, names(("a", "b"), params)
({'codes': [[0, 2], [1, -1]]}, ('a=0', 'a=2', 'b=1', 'b=missing'))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_CODE
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "number"
FILLS = True


def fit(block: NDArray[np.generic]) -> Params:
    """The codes that each column of ``[n, k]`` holds, ascending, -1 last."""
    seen = [np.unique(c) for c in np.asarray(block, dtype=np.int64).T]
    return {"codes": [[*(int(c) for c in s if c >= 0), *([MISSING_CODE] if MISSING_CODE in s else [])] for s in seen]}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``float(x[:, column] == code)``, over all columns at once."""
    codes: list[list[int]] = params["codes"]
    columns = [position for position, group in enumerate(codes) for _ in group]
    wanted = graph.constant(np.asarray([c for group in codes for c in group], dtype=np.int64))
    return graph.cast(graph.node("Equal", graph.columns(x, columns), wanted, kind="bool"), "float")


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``a=2`` for code 2 of column a, ``a=missing``."""
    return tuple(
        f"{column}={'missing' if code == MISSING_CODE else code}"
        for column, group in zip(columns, params["codes"], strict=True)
        for code in group
    )
