"""A small neural network: one or two hidden layers, Adam, early stopping where there are rows for it.

Weights are float32, as trained; the graph widens them, because an answer must not depend on the order of
a sum. Reference: Kingma, Ba, Adam: a method for stochastic optimization, ICLR 2015.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 20, dtype=np.float32)
>>> net = fit(Lesson(x=x, y=np.array([0, 1, 1, 0] * 20), task="binary", classes=2), defaults(SPACE))
>>> predict(net, x[:4]).argmax(axis=1).tolist()
[0, 1, 1, 0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, seen_classes, spread
from volvelle.train.contract import Choice, Float, Int, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_held, emit_softmax, held, limits, paired, standard
from volvelle.train.rows import calm

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "dense"
COST = 6
EPOCHS = 200
STOP_ROWS = 2_000
"""Fewer rows stop when the training loss stands still: a tenth of them decides nothing."""
SPACE: Space = {
    "layers": Choice(options=(1, 2), default=1),
    "units": Int(low=8, high=128, default=32, log=True),
    "activation": Choice(options=("relu", "tanh"), default="relu"),
    "decay": Float(low=1e-6, high=1.0, default=1e-3, log=True),
    "learning_rate": Float(low=3e-4, high=3e-2, default=5e-3, log=True),
}
SMALL: Space = SPACE | {"units": Int(low=4, high=32, default=8, log=True)}
_OPERATORS = {"relu": "Relu", "tanh": "Tanh"}


@dataclass(frozen=True, slots=True)
class Net:
    """A fitted network; `library` is None when the lesson held one class."""

    library: Any
    limit: NDArray[np.float32]
    seen: NDArray[np.int64]
    classes: int
    offset: float = 0.0
    scale: float = 1.0


def fit(lesson: Lesson, settings: Settings) -> Net:
    """Train at most `EPOCHS` epochs; a tenth of the rows decides when to stop, if every class can spare some."""
    limit = limits(lesson.x)
    seen, offset, scale = np.empty(0, dtype=np.int64), 0.0, 1.0
    y: NDArray[Any]
    if lesson.task == "regression":
        offset, scale = standard(lesson.y)
        y, kind, fewest = (lesson.y - offset) / scale, MLPRegressor, len(lesson.y)
    else:
        seen, y = seen_classes(lesson)
        if len(seen) == 1:
            return Net(None, limit, seen, lesson.classes)
        kind, fewest = MLPClassifier, int(np.bincount(y).min())
    model = kind(
        hidden_layer_sizes=(settings["units"],) * settings["layers"],
        activation=settings["activation"],
        alpha=settings["decay"],
        learning_rate_init=settings["learning_rate"],
        max_iter=EPOCHS,
        early_stopping=len(y) >= STOP_ROWS and fewest >= 10 and len(y) >= 20 * len(seen),
        random_state=lesson.seed,
    )
    with calm():
        model.fit(lesson.x, y)
    return Net(model, limit, seen, lesson.classes, offset, scale)


def small(leaves: int) -> tuple[Settings, ...]:
    """Networks of few units; they have no leaves."""
    return ({"units": 8}, {"units": 16})


def predict(fitted: Net, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer in double precision, rounded to float32."""
    if fitted.library is None:
        return certain(len(x), fitted.seen, fitted.classes)
    rows = held(x, fitted.limit)
    with calm():
        if fitted.classes:
            return spread(fitted.library.predict_proba(rows), fitted.seen, fitted.classes)
        answer = fitted.library.predict(rows) * fitted.scale + fitted.offset
    return np.asarray(answer, dtype=np.float32).reshape(-1, 1)


def emit(graph: Graph, x: Value, fitted: Net) -> Value:
    """Hold, layer after layer; softmax for classes."""
    if fitted.library is None:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    net = fitted.library
    rows = emit_held(graph, x, fitted.limit)
    for weights, bias in zip(net.coefs_[:-1], net.intercepts_[:-1], strict=True):
        rows = graph.node(_OPERATORS[net.activation], emit_affine(graph, rows, weights, bias))
    weights, bias = net.coefs_[-1], net.intercepts_[-1]
    if fitted.classes:
        return emit_softmax(graph, emit_affine(graph, rows, *paired(weights, bias)), fitted.seen, fitted.classes)
    answer = emit_affine(graph, rows, weights, bias)
    scaled = graph.node("Mul", answer, graph.constant(np.array([fitted.scale])))
    return graph.cast(graph.node("Add", scaled, graph.constant(np.array([fitted.offset]))), "float")
