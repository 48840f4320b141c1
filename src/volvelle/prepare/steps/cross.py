"""Two categories become one: each combination that training saw is a category of its own.

Written in the spec as a pair of columns, ``[prepare] pairs = ["city x shop"]``, for what neither says alone. Missing
combines like a category; where both are missing the cross is. A combination that training never saw is unseen.

>>> import numpy as np
>>> params = fit(np.array([[0, 1], [2, 1], [0, 1]], dtype=np.int64))
>>> params, names(("a", "b"), params)
({'seen': [[[0, 1], [2, 1]]]}, ('a x b',))
>>> labels([{0: "Rome", 2: "Bonn"}, {1: "north"}], params)
[{0: 'Rome & north', 1: 'Bonn & north'}]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.errors import DataError
from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_CODE, UNSEEN_CODE
from volvelle.prepare.arithmetic import paired, sides
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "code"
PAIRS = True
MOST = 40_000
"""Cells of the table that a cross is looked up in; 200 by 200 categories."""


def fit(block: NDArray[np.generic]) -> Params:
    """The combinations that each pair of columns of ``[n, 2k]`` holds; a combination's place is its code.

    Raises:
        DataError: two columns have too many categories to cross.
    """
    codes = np.asarray(block, dtype=np.int64)
    seen: list[list[list[int]]] = []
    for position in range(0, codes.shape[1], 2):
        pair = codes[:, position : position + 2]
        known = pair[(pair >= MISSING_CODE).all(axis=1) & (pair >= 0).any(axis=1)]
        if len(known) and (cells := int(np.prod(known.max(axis=0) + 3))) > MOST:
            raise DataError(
                f"a cross of two columns would need a table of {cells:,} cells; at most {MOST:,} are kept",
                next_move="cross columns of fewer categories",
            )
        seen.append([[int(a), int(b)] for a, b in np.unique(known, axis=0)])
    return {"seen": seen}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """A table a pair, all in one Gather: codes past its ends meet its first line or column, which is unseen."""
    seen: list[list[list[int]]] = params["seen"]
    lines, width = (3 + max((pair[side] for pairs in seen for pair in pairs), default=0) for side in range(2))
    table = np.full((len(seen), lines, width), UNSEEN_CODE, dtype=np.int64)
    table[:, MISSING_CODE - UNSEEN_CODE, MISSING_CODE - UNSEEN_CODE] = MISSING_CODE
    for position, pairs in enumerate(seen):
        for code, (one, other) in enumerate(pairs):
            table[position, one - UNSEEN_CODE, other - UNSEEN_CODE] = code
    first, second = sides(graph, x)
    starts = graph.constant(np.arange(len(seen), dtype=np.int64) * lines)
    line = graph.node("Add", _slots(graph, first, lines), starts)
    begins = graph.node("Mul", line, graph.constant(np.int64(width)))
    slots = graph.node("Add", begins, _slots(graph, second, width))
    return graph.node("Gather", graph.constant(table.ravel()), slots, axis=0, kind="int64", width=len(seen))


def _slots(graph: Graph, codes: Value, size: int) -> Value:
    """Where a code stands in the table; 0, unseen, for codes past its end."""
    beyond = graph.node("Greater", codes, graph.constant(np.int64(size - 3)), kind="bool")
    unseen = graph.constant(np.int64(UNSEEN_CODE))
    inside = graph.node("Where", beyond, unseen, codes, kind="int64", width=codes.width)
    return graph.node("Sub", graph.node("Max", inside, unseen), unseen)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``a x b``."""
    return paired(columns, "x")


def labels(known: list[dict[int, str]], params: Params) -> list[dict[int, str]]:
    """What each code is called after this step: one dictionary a pair."""
    return [
        {code: f"{one.get(a, 'missing')} & {other.get(b, 'missing')}" for code, (a, b) in enumerate(pairs)}
        for one, other, pairs in zip(known[::2], known[1::2], params["seen"], strict=True)
    ]
