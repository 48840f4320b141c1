"""A missing category becomes the column's most frequent one over the training rows.

Of equally frequent categories the one with the smallest code is taken. A category that training never saw
stays unseen. A column that is missing everywhere stays missing.

>>> import numpy as np
>>> fit(np.array([[2, -1], [-1, -1], [2, -1], [0, -2]], dtype=np.int64))
{'fill': [2, -1]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_CODE
from volvelle.prepare.arithmetic import whole
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "code"


def fit(block: NDArray[np.generic]) -> Params:
    """The most frequent code of each column of ``[n, k]``; -1 where there is none."""
    return {"fill": [_mode(c) for c in np.asarray(block, dtype=np.int64).T]}


def _mode(column: NDArray[np.int64]) -> int:
    codes, counts = np.unique(column[column >= 0], return_counts=True)
    return int(codes[np.argmax(counts)]) if len(codes) else MISSING_CODE


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """``where(x == -1, fill, x)``."""
    missing = graph.node("Equal", x, whole(graph, MISSING_CODE), kind="bool")
    fill = graph.constant(np.asarray(params["fill"], dtype=np.int64))
    return graph.node("Where", missing, fill, x, kind="int64", width=x.width)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns
