"""The constant baseline: class shares of the training rows, or their mean.

Every other candidate is compared with it: a model that does not beat it has learnt nothing.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson
>>> x = np.zeros((4, 1), dtype=np.float32)
>>> fit(Lesson(x=x, y=np.array([0, 0, 0, 1]), task="binary", classes=2), {}).tolist()
[0.75, 0.25]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Lesson, Settings, Space, View

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "raw"
COST = 0
SPACE: Space = {}


def fit(lesson: Lesson, settings: Settings) -> NDArray[np.float32]:
    """Class shares ``[classes]``, or the mean ``[1]``."""
    if lesson.task == "regression":
        return np.asarray([lesson.y.mean()], dtype=np.float32)
    return (np.bincount(lesson.y, minlength=lesson.classes) / len(lesson.y)).astype(np.float32)


def predict(fitted: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """The same answer for every row."""
    return np.tile(fitted, (len(x), 1))


def emit(graph: Graph, x: Value, fitted: NDArray[np.float32]) -> Value:
    """``where(isnan(x0) or not, shares, shares)`` without reading x0: only the row count matters."""
    first = graph.columns(x, [0])
    anything = graph.node("Or", missing := graph.node("IsNaN", first, kind="bool"), graph.node("Not", missing))
    shares = graph.constant(fitted.reshape(1, -1))
    return graph.node("Where", anything, shares, shares, kind="float", width=len(fitted))
