"""Linear support vector machine: one line a class against the rest, calibrated on held-out rows.

Probabilities are a softmax regression of the decision values (Platt scaling for two classes); a linear
map of a linear map is one linear map, so the graph is that of a logistic regression. For regression:
epsilon-insensitive loss on the standardised target.

Reference: Fan et al., LIBLINEAR: a library for large linear classification, JMLR 9, 2008.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.linspace(-1, 1, 40, dtype=np.float32).reshape(-1, 1)
>>> line = fit(Lesson(x=x, y=np.arange(40) // 20, task="binary", classes=2), defaults(SPACE))
>>> predict(line, np.array([[-1.0], [1.0]], dtype=np.float32)).argmax(axis=1).tolist()
[0, 1]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import LinearSVC, LinearSVR

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, seen_classes, spread
from volvelle.train.contract import Choice, Float, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_held, emit_softmax, held, limits, standard
from volvelle.train.held_out import calibrate, decision_matrix, head
from volvelle.train.rows import calm

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "dense"
COST = 2
SPACE: Space = {
    "cost": Float(low=1e-4, high=100.0, default=0.1, log=True),
    "epsilon": Float(low=1e-3, high=0.5, default=0.05, log=True),
    "balanced": Choice(options=(False, True), default=False),
}


@dataclass(frozen=True, slots=True)
class Margin:
    """A fitted machine and its calibration `link`; `library` is None when the lesson held one class."""

    library: Any
    link: Any
    limit: NDArray[np.float32]
    seen: NDArray[np.int64]
    classes: int
    offset: float = 0.0
    scale: float = 1.0


def fit(lesson: Lesson, settings: Settings) -> Margin:
    """Fit the machine, then its calibration. `epsilon` is for regression, `balanced` for classes."""
    limit = limits(lesson.x)
    x = held(lesson.x, limit)
    if lesson.task == "regression":
        offset, scale = standard(lesson.y)
        machine = LinearSVR(
            C=settings["cost"], epsilon=settings["epsilon"], loss="squared_epsilon_insensitive", dual=False
        )
        with calm():
            machine.fit(x, (lesson.y - offset) / scale)
        return Margin(machine, None, limit, np.empty(0, dtype=np.int64), 0, offset, scale)
    seen, y = seen_classes(lesson)
    if len(seen) == 1:
        return Margin(None, None, limit, seen, lesson.classes)

    def make() -> Any:
        weights = "balanced" if settings["balanced"] else None
        return LinearSVC(C=settings["cost"], class_weight=weights, dual=False, max_iter=500, random_state=lesson.seed)

    with calm():
        machine = make().fit(x, y)
        link = calibrate(make, machine, x, y, lesson.seed)
    return Margin(machine, link, limit, seen, lesson.classes)


def predict(fitted: Margin, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer in double precision, rounded to float32."""
    if fitted.library is None:
        return certain(len(x), fitted.seen, fitted.classes)
    rows = held(x, fitted.limit)
    with calm():
        if not fitted.classes:
            answer = fitted.library.predict(rows) * fitted.scale + fitted.offset
            return np.asarray(answer, dtype=np.float32).reshape(-1, 1)
        shares = fitted.link.predict_proba(decision_matrix(fitted.library, rows))
    return spread(shares, fitted.seen, fitted.classes)


def emit(graph: Graph, x: Value, fitted: Margin) -> Value:
    """Hold, one affine map; softmax for classes."""
    if fitted.library is None:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    rows = emit_held(graph, x, fitted.limit)
    weights = np.atleast_2d(fitted.library.coef_).T
    bias = np.atleast_1d(fitted.library.intercept_)
    if not fitted.classes:
        line = emit_affine(graph, rows, weights * fitted.scale, bias * fitted.scale + fitted.offset)
        return graph.cast(line, "float")
    slope, level = head(fitted.link)
    return emit_softmax(
        graph, emit_affine(graph, rows, weights @ slope, bias @ slope + level), fitted.seen, fitted.classes
    )
