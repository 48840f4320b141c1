"""Temperature scaling: all log-scores divided by one number; the class of the highest score stays the same.

A temperature above 1 makes a model less certain, one below 1 more certain. It minimises the log loss, which has one
minimum in the inverse of the temperature, by golden section. A score of 0 counts as half of the smallest other one.

Reference: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.

Scores of 0.8 that hold in half of the rows, where each of the other two classes holds in a quarter:

>>> scores = np.float32([[0.8, 0.1, 0.1]] * 4)
>>> params = fit(scores, np.array([0, 0, 1, 2]))
>>> round(params["temperature"], 2), apply(params, scores[:1]).round(2).tolist()
(3.0, [[0.5, 0.25, 0.25]])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Params

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
_COLDEST, _HOTTEST, _STEPS, _LEAST = 0.05, 20.0, 80, 1e-37
_GOLDEN = (5**0.5 - 1) / 2


def fit(scores: NDArray[np.float32], y: NDArray[np.int64]) -> Params | None:
    """The temperature between 0.05 and 20 with the least log loss."""
    floor = max(_LEAST, float(scores[scores > 0].min(initial=1.0)) / 2)
    logs = _logs(scores, floor)

    def loss(inverse: float) -> float:
        return -float(_softmax(logs * inverse, log=True)[np.arange(len(y)), y].mean())

    low, high = 1.0 / _HOTTEST, 1.0 / _COLDEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return {"temperature": 2.0 / (low + high), "floor": floor}


def apply(params: Params, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Calibrated probabilities ``[n, k]``."""
    return _softmax(_logs(scores, params["floor"]) / params["temperature"]).astype(np.float32)


def emit(graph: Graph, scores: Value, params: Params) -> Value:
    """`apply` in the graph, in double precision."""
    logs = graph.node(
        "Log", graph.node("Max", graph.cast(scores, "double"), graph.constant(np.array([[params["floor"]]])))
    )
    cooled = graph.node("Div", logs, graph.constant(np.array([params["temperature"]])))
    return graph.cast(graph.node("Softmax", cooled, axis=1), "float")


def _logs(scores: NDArray[np.float32], floor: float) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(scores.astype(np.float64), floor)))


def _softmax(x: NDArray[np.float64], *, log: bool = False) -> NDArray[np.float64]:
    shifted = x - x.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(total) if log else np.exp(shifted) / total)
