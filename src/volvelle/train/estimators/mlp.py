"""A small neural network: one or two hidden layers, Adam, early stopping where there are rows for it.

Weights are float32, as trained; the graph widens them, because an answer must not depend on the order of
a sum. For a device there are two ways to make it smaller: ``keep`` leaves the largest weights of each layer, which
learn on for some epochs without the others, and ``bits = 8`` carries it out in whole numbers, always with a Relu.

References: Kingma, Ba, Adam: a method for stochastic optimization, ICLR 2015; Han et al., Learning both weights and
connections for efficient neural networks, NeurIPS 2015; `volvelle.train.whole`.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 20, dtype=np.float32)
>>> net = fit(Lesson(x=x, y=np.array([0, 1, 1, 0] * 20), task="binary", classes=2), defaults(SPACE))
>>> predict(net, x[:4]).argmax(axis=1).tolist()
[0, 1, 1, 0]
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, even, seen_classes, spread
from volvelle.train.contract import Choice, Float, Int, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_held, emit_softmax, held, limits, paired, standard
from volvelle.train.rows import calm
from volvelle.train.whole import Whole, answers, quantised
from volvelle.train.whole import emit as emit_whole

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
    "balanced": Choice(options=(False, True), default=False),
}
SMALL: Space = SPACE | {
    "units": Int(low=4, high=64, default=8, log=True),
    "bits": Choice(options=(32, 8), default=32),
    "keep": Choice(options=(1.0, 0.5, 0.25), default=1.0),
}
MORE = 20
"""Epochs behind pruning."""
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
    whole: Whole | None = None
    """The same in whole numbers, where these are asked for."""
    full: Net | None = None
    """The same with all its weights, where some were taken away."""


def fit(lesson: Lesson, settings: Settings) -> Net:
    """Train at most `EPOCHS` epochs; a tenth of the rows decides when to stop, if every class can spare some."""
    whole = settings.get("bits", 32) == 8
    limit = limits(lesson.x)
    seen, offset, scale = np.empty(0, dtype=np.int64), 0.0, 1.0
    y: NDArray[Any]
    weights: NDArray[np.float64] | None = None
    if lesson.task == "regression":
        offset, scale = standard(lesson.y)
        y, kind, fewest = (lesson.y - offset) / scale, MLPRegressor, len(lesson.y)
    else:
        seen, y = seen_classes(lesson)
        if len(seen) == 1:
            return Net(None, limit, seen, lesson.classes)
        kind, fewest = MLPClassifier, int(np.bincount(y).min())
        weights = even(y) if settings["balanced"] else None
    model = kind(
        hidden_layer_sizes=(settings["units"],) * settings["layers"],
        activation="relu" if whole else settings["activation"],
        alpha=settings["decay"],
        learning_rate_init=settings["learning_rate"],
        max_iter=EPOCHS,
        early_stopping=len(y) >= STOP_ROWS and fewest >= 10 and len(y) >= 20 * len(seen),
        random_state=lesson.seed,
    )
    with calm():
        model.fit(lesson.x, y, weights)
        before = copy.deepcopy(model) if settings.get("keep", 1.0) < 1 else None
        _prune(model, lesson.x, y, weights, settings.get("keep", 1.0))

    def net(library: Any, full: Net | None = None) -> Net:
        small = quantised(lesson.x, library.coefs_, library.intercepts_) if whole else None
        return Net(library, limit, seen, lesson.classes, offset, scale, small, full)

    return net(model, None if before is None else net(before))


def _prune(
    model: Any, x: NDArray[np.float32], y: NDArray[Any], weights: NDArray[np.float64] | None, keep: float
) -> None:
    """Leave this share of the weights of each layer, the largest, and let them learn on."""
    if keep >= 1:
        return
    masks = [np.abs(w) >= np.quantile(np.abs(w), 1 - keep) for w in model.coefs_]
    model.early_stopping = False
    for epoch in range(MORE + 1):
        if epoch:
            model.partial_fit(x, y, weights)
        for layer, mask in zip(model.coefs_, masks, strict=True):
            layer *= mask


def small(leaves: int) -> tuple[Settings, ...]:
    """Networks of few units, and larger ones in whole numbers; they have no leaves."""
    return ({"units": 16, "bits": 8}, {"units": 8}, {"units": 32, "bits": 8}, {"units": 32, "bits": 8, "keep": 0.25})


def real(fitted: Net) -> Net | None:
    """The same weights in real numbers, of a network in whole ones."""
    return None if fitted.whole is None else replace(fitted, whole=None)


def unpruned(fitted: Net) -> Net | None:
    """The same network before weights were taken away, in the same numbers; None where it has all."""
    return fitted.full


def predict(fitted: Net, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer in double precision, rounded to float32."""
    if fitted.library is None:
        return certain(len(x), fitted.seen, fitted.classes)
    with calm():
        if fitted.whole is not None:
            answer = answers(fitted.whole, x).astype(np.float64)
            if fitted.classes:
                return spread(_shares(answer), fitted.seen, fitted.classes)
        else:
            rows = held(x, fitted.limit)
            if fitted.classes:
                return spread(fitted.library.predict_proba(rows), fitted.seen, fitted.classes)
            answer = fitted.library.predict(rows)
    return np.asarray(answer * fitted.scale + fitted.offset, dtype=np.float32).reshape(-1, 1)


def _shares(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax, of one logit and of 0."""
    wide = np.hstack([np.zeros_like(logits), logits]) if logits.shape[1] == 1 else logits
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def emit(graph: Graph, x: Value, fitted: Net) -> Value:
    """Hold, layer after layer; softmax for classes."""
    if fitted.library is None:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    answer = _emit_real(graph, x, fitted) if fitted.whole is None else _emit_whole(graph, x, fitted, fitted.whole)
    if fitted.classes:
        return emit_softmax(graph, answer, fitted.seen, fitted.classes)
    scaled = graph.node("Mul", answer, graph.constant(np.array([fitted.scale])))
    return graph.cast(graph.node("Add", scaled, graph.constant(np.array([fitted.offset]))), "float")


def _emit_real(graph: Graph, x: Value, fitted: Net) -> Value:
    """Logits or a value, double ``[N, s]``; those of two classes in two columns."""
    net = fitted.library
    rows = emit_held(graph, x, fitted.limit)
    for weights, bias in zip(net.coefs_[:-1], net.intercepts_[:-1], strict=True):
        rows = graph.node(_OPERATORS[net.activation], emit_affine(graph, rows, weights, bias))
    last = net.coefs_[-1], net.intercepts_[-1]
    return emit_affine(graph, rows, *(paired(*last) if fitted.classes else last))


def _emit_whole(graph: Graph, x: Value, fitted: Net, net: Whole) -> Value:
    """The same in whole numbers."""
    answer = emit_whole(graph, x, net)
    if fitted.classes and answer.width == 1:
        answer = graph.node("Mul", answer, graph.constant(np.array([[0, 1]], np.float32)), width=2)
    return graph.cast(answer, "double")
