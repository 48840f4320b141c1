"""A category becomes the mean of the target over its training rows, drawn towards the mean of all where rows are few.

The mean of a category with n rows is weighted n to m against the mean over all rows, ``target_mean:10`` being m = 10:
the fewer rows, the less it says. Of several classes each has a column, the share of its rows. Missing counts as a
category where training had it; a category that training never saw gets the mean of all.

A row must not be told its own target: what a model learns from is made out of fold, each fifth of the training rows by
this step as fitted on the other four (`volvelle.prepare.recipe.learn`). What ships is fitted on all.

Source: D. Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes in classification and
prediction problems, SIGKDD Explorations 3, 2001, equations 4 and 5 with n / (m + n) for lambda.

>>> import numpy as np
>>> fit(np.array([[0], [0], [3]], dtype=np.int64), np.array([[1.0], [1.0], [4.0]]), option=2.0)
{'prior': [2.0], 'codes': [[0, 3]], 'means': [[[1.5], [2.6666667461395264]]]}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import MISSING_CODE, UNSEEN_CODE
from volvelle.prepare.arithmetic import exact
from volvelle.prepare.contract import Flow, Params

TAKES: Flow = "code"
GIVES: Flow = "number"
FILLS = True
TARGET = True
OPTION: float = 10.0
OPTION_RANGE = (0.0, 1e6)


def fit(block: NDArray[np.generic], target: NDArray[np.float64], option: float = OPTION) -> Params:
    """For each column of ``[n, k]`` its codes and the means of the target ``[n, t]`` over each code's rows."""
    prior = target.mean(axis=0)
    codes: list[list[int]] = []
    means: list[list[list[float]]] = []
    for column in np.asarray(block, dtype=np.int64).T:
        known = column >= MISSING_CODE
        found, place, counts = np.unique(column[known], return_inverse=True, return_counts=True)
        sums = np.stack([np.bincount(place, t, minlength=len(found)) for t in target[known].T], axis=1)
        drawn = (sums + option * prior) / (counts + option)[:, None]
        codes.append([int(c) for c in found])
        means.append([exact(row) for row in drawn])
    return {"prior": exact(prior), "codes": codes, "means": means}


def emit(graph: Graph, x: Value, params: Params) -> Value:
    """A table a column, all in one Gather; codes past the table's end meet its last row, the mean of all."""
    prior, codes = np.asarray(params["prior"], dtype=np.float32), params["codes"]
    size = 4 + max((c for group in codes for c in group), default=-1)
    table = np.tile(prior, (len(codes), size, 1))
    for position, (group, means) in enumerate(zip(codes, params["means"], strict=True)):
        if group:
            table[position, np.asarray(group) - UNSEEN_CODE] = np.asarray(means, dtype=np.float32)
    low, high = graph.constant(np.int64(UNSEEN_CODE)), graph.constant(np.int64(size - 3))
    starts = graph.constant(np.arange(len(codes), dtype=np.int64) * size - UNSEEN_CODE)
    slots = graph.node("Add", graph.node("Clip", x, low, high), starts)
    width = len(codes) * len(prior)
    found = graph.node("Gather", graph.constant(table.reshape(-1, len(prior))), slots, axis=0, kind="float")
    return graph.node("Reshape", found, graph.constant(np.asarray([-1, width], dtype=np.int64)), width=width)


def names(columns: tuple[str, ...], params: Params) -> tuple[str, ...]:
    """``city mean target``; with several columns of the target ``city mean target 0`` and so on."""
    several = len(params["prior"]) > 1
    return tuple(
        f"{column} mean target" + (f" {number}" if several else "")
        for column in columns
        for number in range(len(params["prior"]))
    )
