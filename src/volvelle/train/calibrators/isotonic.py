"""Isotonic calibration: a stair through the shares that came true, rising with the score of the second class.

Rows are put in the order of their score, in at most 100 groups of equal size; neighbours that are out of order are
pooled until the shares rise. Inside a step all rows get one probability, so it ties rows that the score told apart.
No share is taken nearer to 0 or 1 than one row in all could tell.

Reference: Zadrozny and Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002;
Ayer et al., An empirical distribution function for sampling with incomplete information, 1955 (pooling).

Scores of 0.2, 0.4 and 0.6 of which one, half and half of two rows came true:

>>> scores = np.float32([[0.8, 0.2], [0.8, 0.2], [0.6, 0.4], [0.6, 0.4], [0.4, 0.6], [0.4, 0.6]])
>>> params = fit(scores, np.array([0, 0, 1, 0, 1, 1]))
>>> apply(params, np.float32([[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]]))[:, 1].tolist()
[0.125, 0.5, 0.875]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Params

TASKS: tuple[ModelTask, ...] = ("binary",)
GROUPS = 100


def fit(scores: NDArray[np.float32], y: NDArray[np.int64]) -> Params | None:
    """Where each step begins and how high it is; None where all rows score alike."""
    order = np.argsort(scores[:, 1], kind="stable")
    x, truth = scores[order, 1], (y[order] == 1).astype(np.float64)
    ends = np.unique(np.linspace(0, len(x), GROUPS + 1).astype(np.int64)[1:])
    # Rows of one score stay together.
    ends = np.unique(np.searchsorted(x, x[ends - 1], side="right"))
    steps: list[tuple[float, int, int]] = []
    for begin, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        steps.append((float(truth[begin:end].sum()), end - begin, end))
        while len(steps) > 1 and steps[-2][0] / steps[-2][1] >= steps[-1][0] / steps[-1][1]:
            (hits, rows, _), (more, others, last) = steps[-2:]
            steps[-2:] = [(hits + more, rows + others, last)]
    if len(steps) < 2:
        return None
    lasts = np.array([end for _, _, end in steps[:-1]])
    # A middle that is rounded to the upper of two neighbours would not let that one pass.
    middles = ((x[lasts - 1].astype(np.float64) + x[lasts]) / 2).astype(np.float32)
    below = np.where(middles < x[lasts], middles, x[lasts - 1])
    edge = 1.0 / (len(x) + 2.0)
    heights = [min(max(hits / rows, edge), 1.0 - edge) for hits, rows, _ in steps]
    return {"above": [float(b) for b in below], "steps": heights}


def apply(params: Params, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Calibrated probabilities ``[n, 2]``."""
    passed = (scores[:, [1]] > np.array([params["above"]], dtype=np.float32)).sum(axis=1)
    one = np.asarray(params["steps"])[passed]
    return np.column_stack([1.0 - one, one]).astype(np.float32)


def emit(graph: Graph, scores: Value, params: Params) -> Value:
    """`apply` in the graph: count the thresholds that the score has passed, and look the step up."""
    above = graph.constant(np.array([params["above"]], dtype=np.float32))
    passed = graph.node("Greater", graph.columns(scores, [1]), above, kind="bool", width=above.width)
    axis = graph.constant(np.array([1]))
    count = graph.node("ReduceSum", graph.cast(passed, "int64"), axis, width=1, keepdims=0)
    one = np.asarray(params["steps"])
    table = graph.constant(np.column_stack([1.0 - one, one]).astype(np.float32))
    return graph.node("Gather", table, count, axis=0, width=2)
