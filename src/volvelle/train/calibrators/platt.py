"""Platt scaling: a line through the log-odds of two classes, so a sigmoid of the score; it never changes the order.

The line is fitted by maximum likelihood, with targets a little inside 0 and 1 as Platt proposes, so that rows which are
told apart perfectly do not make it infinitely steep. A score of 0 counts as half of the smallest other one seen.

Reference: Platt, Probabilistic outputs for support vector machines, 1999; Lin, Lin and Weng, A note on Platt's
probabilistic outputs for support vector machines, Machine Learning 68, 2007.

Scores that are too extreme are drawn in: 0.9 holds in three of four rows.

>>> scores = np.repeat(np.float32([[0.1, 0.9], [0.9, 0.1]]), 400, axis=0)
>>> y = np.tile([1, 1, 1, 0], 100).tolist() + np.tile([0, 0, 0, 1], 100).tolist()
>>> params = fit(scores, np.array(y))
>>> apply(params, np.float32([[0.1, 0.9]])).round(2).tolist()
[[0.25, 0.75]]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Params

TASKS: tuple[ModelTask, ...] = ("binary",)
_STEPS, _RIDGE, _SMALL, _LEAST = 50, 1e-9, 1e-10, 1e-37


def fit(scores: NDArray[np.float32], y: NDArray[np.int64]) -> Params | None:
    """Slope and intercept by Newton's method; None where the slope would turn the order round."""
    floor = max(_LEAST, float(scores[scores > 0].min(initial=1.0)) / 2)
    odds = _odds(scores, floor)
    design = np.column_stack([odds, np.ones(len(odds))])
    ones = int((y == 1).sum())
    aims = np.where(y == 1, (ones + 1.0) / (ones + 2.0), 1.0 / (len(y) - ones + 2.0))

    def loss(line: NDArray[np.float64]) -> float:
        x = design @ line
        return float((np.logaddexp(0.0, x) - aims * x).sum())

    line = np.array([0.0, np.log((ones + 1.0) / (len(y) - ones + 1.0))])
    for _ in range(_STEPS):
        p = _sigmoid(design @ line)
        curve = (design * (p * (1 - p))[:, None]).T @ design + _RIDGE * np.eye(2)
        step = np.linalg.solve(curve, design.T @ (aims - p))
        while loss(line + step) > loss(line) and np.abs(step).max() > _SMALL:
            step = step / 2
        line = line + step
        if np.abs(step).max() <= _SMALL:
            break
    return {"slope": float(line[0]), "intercept": float(line[1]), "floor": floor} if line[0] > 0 else None


def apply(params: Params, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Calibrated probabilities ``[n, 2]``."""
    one = _sigmoid(_odds(scores, params["floor"]) * params["slope"] + params["intercept"])
    return np.column_stack([1.0 - one, one]).astype(np.float32)


def emit(graph: Graph, scores: Value, params: Params) -> Value:
    """`apply` in the graph, in double precision."""
    logs = graph.node(
        "Log", graph.node("Max", graph.cast(scores, "double"), graph.constant(np.array([[params["floor"]]])))
    )
    odds = graph.node("Sub", graph.columns(logs, [1]), graph.columns(logs, [0]))
    line = graph.node("Mul", odds, graph.constant(np.array([params["slope"]])))
    one = graph.node("Sigmoid", graph.node("Add", line, graph.constant(np.array([params["intercept"]]))))
    none = graph.node("Sub", graph.constant(np.array([[1.0]])), one, width=1)
    return graph.cast(graph.concat([none, one]), "float")


def _odds(scores: NDArray[np.float32], floor: float) -> NDArray[np.float64]:
    logs = np.log(np.maximum(scores.astype(np.float64), floor))
    return np.asarray(logs[:, 1] - logs[:, 0])


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-x)))
