"""Categories under a share of the training rows become one: ``rare_categories:0.02`` joins those under 2 %.

A column with at least one rare category gets one new code, the one after the highest that training saw; a
category that training never saw counts as rare there. A column without any keeps its codes, and what training
never saw becomes unseen (-2). Missing stays missing.

>>> import numpy as np
>>> params = fit(np.array([[0, 4], [0, 4], [1, 4], [0, 4]], dtype=np.int64), option=0.3)
>>> params
{'kept': [[0], [4]], 'rare': [2, -2]}
>>> labels([{0: "x", 1: "y"}, {4: "z"}], params)
[{0: 'x', 1: 'y', 2: 'rare'}, {4: 'z'}]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_CODE, UNSEEN_CODE
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "code"
OPTION: float = 0.01
OPTION_RANGE = (0.0, 1.0)


def fit(block: NDArray[np.generic], option: float = OPTION) -> Params:
    """For each column of ``[n, k]`` the codes that stay, and the code of the rest (-2: there was no rest)."""
    kept: list[list[int]] = []
    rare: list[int] = []
    for column in np.asarray(block, dtype=np.int64).T:
        codes, counts = np.unique(column[column >= 0], return_counts=True)
        often = counts >= option * len(column)
        kept.append([int(c) for c in codes[often]])
        rare.append(UNSEEN_CODE if often.all() else int(codes[-1]) + 1)
    return {"kept": kept, "rare": rare}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """A table a column, all in one Gather; codes past the table's end meet its last slot."""
    kept, rare = params["kept"], params["rare"]
    size = 4 + max((c for codes in kept for c in codes), default=-1)
    table = np.repeat(np.asarray(rare, dtype=np.int64)[:, None], size, axis=1)
    table[:, 1] = MISSING_CODE
    for position, codes in enumerate(kept):
        table[position, np.asarray(codes, dtype=np.int64) + 2] = codes
    low, high = graph.constant(np.int64(UNSEEN_CODE)), graph.constant(np.int64(size - 3))
    starts = graph.constant(np.arange(len(kept), dtype=np.int64) * size - UNSEEN_CODE)
    slots = graph.node("Add", graph.node("Clip", x, low, high), starts)
    return graph.node("Gather", graph.constant(table.ravel()), slots, axis=0, kind="int64", width=x.width)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """Unchanged."""
    return columns


def labels(known: list[dict[int, str]], params: Params) -> list[dict[int, str]]:
    """What each code is called after this step: one dictionary a column."""
    return [n | ({r: "rare"} if r >= 0 else {}) for n, r in zip(known, params["rare"], strict=True)]
