"""Gaussian naive Bayes: every feature is normal within a class and independent of the others.

The cheapest classifier to train: one pass over the rows. `smoothing` adds that share of the largest
feature variance to all variances.

Reference: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2009, chapter 6.6.3.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[0.0], [1.0], [9.0], [10.0]], dtype=np.float32)
>>> bayes = fit(Lesson(x=x, y=np.array([0, 0, 1, 1]), task="binary", classes=2), defaults(SPACE))
>>> predict(bayes, np.array([[5.0]], dtype=np.float32)).tolist()
[[0.5, 0.5]]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.naive_bayes import GaussianNB

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, seen_classes, spread
from volvelle.train.contract import Choice, Float, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_softmax
from volvelle.train.rows import calm

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
VIEW: View = "dense"
COST = 1
HEADROOM = 4.0
"""Features are held within this many times their largest distance from the mean in training."""
SPACE: Space = {
    "smoothing": Float(low=1e-6, high=1.0, default=1e-3, log=True),
    "balanced": Choice(options=(False, True), default=False),
}


@dataclass(frozen=True, slots=True)
class Bells:
    """Fitted normal curves of features less `centre`; `library` is None when the lesson held one class."""

    library: Any
    centre: NDArray[np.float64]
    limit: NDArray[np.float64]
    seen: NDArray[np.int64]
    classes: int


def fit(lesson: Lesson, settings: Settings) -> Bells:
    """Means and variances of each class. `balanced` takes all classes as equally likely."""
    seen, y = seen_classes(lesson)
    rows = lesson.x.astype(np.float64)
    centre = rows.mean(axis=0)
    limit = np.abs(rows - centre).max(axis=0) * HEADROOM
    if len(seen) == 1:
        return Bells(None, centre, limit, seen, lesson.classes)
    priors = np.full(len(seen), 1.0 / len(seen)) if settings["balanced"] else None
    model = GaussianNB(priors=priors, var_smoothing=settings["smoothing"])
    with calm():
        model.fit(rows - centre, y)
    if model.epsilon_ == 0:
        model.var_[:] = 1.0
    return Bells(model, centre, limit, seen, lesson.classes)


def predict(fitted: Bells, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer in double precision, rounded to float32."""
    if fitted.library is None:
        return certain(len(x), fitted.seen, fitted.classes)
    rows = np.clip(x.astype(np.float64) - fitted.centre, -fitted.limit, fitted.limit)
    with calm():
        return spread(fitted.library.predict_proba(rows), fitted.seen, fitted.classes)


def emit(graph: Graph, x: Value, fitted: Bells) -> Value:
    """Log density is quadratic in each feature: one affine map of (x squared, x), then softmax."""
    if fitted.library is None:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    model = fitted.library
    shifted = graph.node("Sub", graph.cast(x, "double"), graph.constant(fitted.centre.reshape(1, -1)))
    limit = fitted.limit.reshape(1, -1)
    rows = graph.node("Min", graph.node("Max", shifted, graph.constant(-limit)), graph.constant(limit))
    weights = np.hstack([-0.5 / model.var_, model.theta_ / model.var_]).T
    bias = np.log(model.class_prior_) - 0.5 * (np.log(2 * np.pi * model.var_) + model.theta_**2 / model.var_).sum(
        axis=1
    )
    both = graph.concat([graph.node("Mul", rows, rows), rows])
    return emit_softmax(graph, emit_affine(graph, both, weights, bias), fitted.seen, fitted.classes)
