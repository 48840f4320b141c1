"""Logistic regression with ridge, lasso or elastic-net penalty; softmax for more than two classes.

Reference: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2009, chapter 4.4.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[-1.0], [1.0], [-2.0], [2.0]], dtype=np.float32)
>>> line = fit(Lesson(x=x, y=np.array([0, 1, 0, 1]), task="binary", classes=2), defaults(SPACE))
>>> predict(line, np.zeros((1, 1), dtype=np.float32)).round(4).tolist()
[[0.5, 0.5]]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, seen_classes, spread
from volvelle.train.contract import Choice, Float, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_held, emit_softmax, held, limits, paired
from volvelle.train.rows import calm

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
VIEW: View = "dense"
COST = 1
SPACE: Space = {
    "penalty": Choice(options=("ridge", "lasso", "elastic net"), default="ridge"),
    "strength": Float(low=1e-3, high=1e3, default=1.0, log=True),
    "mix": Float(low=0.05, high=0.95, default=0.5),
    "balanced": Choice(options=(False, True), default=False),
}


@dataclass(frozen=True, slots=True)
class Logits:
    """A fitted regression; `library` is None when the lesson held one class."""

    library: Any
    limit: NDArray[np.float32]
    seen: NDArray[np.int64]
    classes: int


def fit(lesson: Lesson, settings: Settings) -> Logits:
    """Minimise log loss summed over the rows plus `strength` times the penalty; `mix` is the lasso's share."""
    seen, y = seen_classes(lesson)
    limit = limits(lesson.x)
    if len(seen) == 1:
        return Logits(None, limit, seen, lesson.classes)
    share = {"ridge": 0.0, "lasso": 1.0, "elastic net": settings["mix"]}[settings["penalty"]]
    model = LogisticRegression(
        C=1.0 / settings["strength"],
        l1_ratio=share,
        solver="saga" if share else "lbfgs",
        max_iter=200 if share else 500,
        tol=1e-3 if share else 1e-5,
        class_weight="balanced" if settings["balanced"] else None,
        random_state=lesson.seed,
    )
    with calm():
        model.fit(held(lesson.x, limit), y)
    return Logits(model, limit, seen, lesson.classes)


def predict(fitted: Logits, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer in double precision, rounded to float32."""
    if fitted.library is None:
        return certain(len(x), fitted.seen, fitted.classes)
    with calm():
        return spread(fitted.library.predict_proba(held(x, fitted.limit)), fitted.seen, fitted.classes)


def emit(graph: Graph, x: Value, fitted: Logits) -> Value:
    """Hold, one affine map, softmax."""
    if fitted.library is None:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    weights, bias = paired(fitted.library.coef_.T, fitted.library.intercept_)
    logits = emit_affine(graph, emit_held(graph, x, fitted.limit), weights, bias)
    return emit_softmax(graph, logits, fitted.seen, fitted.classes)
