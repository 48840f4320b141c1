"""Support vector machine with a Gaussian kernel, calibrated on held-out rows.

At most 5,000 rows are learnt from (a seeded stratified sample): the kernel's cost grows with the square.
Classes are told apart pair by pair; probabilities are a softmax regression of the pairs' decision values.

Reference: Chang, Lin, LIBSVM: a library for support vector machines, ACM TIST 2, 2011.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.linspace(-2, 2, 60, dtype=np.float32).reshape(-1, 1)
>>> ring = fit(Lesson(x=x, y=(np.abs(x[:, 0]) < 1).astype(int), task="binary", classes=2), defaults(SPACE))
>>> predict(ring, np.array([[-2.0], [0.0], [2.0]], dtype=np.float32)).argmax(axis=1).tolist()
[0, 1, 0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC, SVR

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.classes import certain, emit_certain, seen_classes, spread
from volvelle.train.contract import Choice, Float, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_held, emit_softmax, held, limits, standard
from volvelle.train.held_out import calibrate, decision_matrix, head
from volvelle.train.kernel import emit_gaussian, pair_weights
from volvelle.train.rows import calm, sample

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "dense"
COST = 8
ROWS = 5_000
SPACE: Space = {
    "cost": Float(low=1e-2, high=100.0, default=1.0, log=True),
    "width": Float(low=0.05, high=20.0, default=1.0, log=True),
    "epsilon": Float(low=1e-3, high=0.5, default=0.05, log=True),
    "balanced": Choice(options=(False, True), default=False),
}


@dataclass(frozen=True, slots=True)
class Kernel:
    """A fitted machine and its calibration `link`; `library` is None when the lesson held one class."""

    library: Any
    link: Any
    limit: NDArray[np.float32]
    seen: NDArray[np.int64]
    classes: int
    offset: float = 0.0
    scale: float = 1.0


def fit(lesson: Lesson, settings: Settings) -> Kernel:
    """Fit the machine, then its calibration. The kernel is ``exp(-d**2 / (width * f * variance))``."""
    kept = sample(lesson.y, ROWS, lesson.seed, stratified=lesson.task != "regression")
    limit = limits(lesson.x)
    x = held(lesson.x[kept], limit)
    gamma = 1.0 / (settings["width"] * x.shape[1] * max(float(x.var()), 1e-12))
    if lesson.task == "regression":
        offset, scale = standard(lesson.y)
        machine = SVR(C=settings["cost"], gamma=gamma, epsilon=settings["epsilon"], max_iter=200_000)
        with calm():
            machine.fit(x, (lesson.y[kept] - offset) / scale)
        return Kernel(machine, None, limit, np.empty(0, dtype=np.int64), 0, offset, scale)
    seen, positions = seen_classes(lesson)
    y = positions[kept]
    if len(seen) == 1:
        return Kernel(None, None, limit, seen, lesson.classes)

    def make() -> Any:
        weights = "balanced" if settings["balanced"] else None
        return SVC(
            C=settings["cost"],
            gamma=gamma,
            class_weight=weights,
            decision_function_shape="ovo",
            max_iter=200_000,
            random_state=lesson.seed,
        )

    with calm():
        machine = make().fit(x, y)
        link = calibrate(make, machine, x, y, lesson.seed)
    return Kernel(machine, link, limit, seen, lesson.classes)


def predict(fitted: Kernel, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
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


def emit(graph: Graph, x: Value, fitted: Kernel) -> Value:
    """Kernel to every support vector, one affine map; softmax for classes."""
    if fitted.library is None:
        return emit_certain(graph, x, fitted.seen, fitted.classes)
    machine = fitted.library
    rows = emit_held(graph, x, fitted.limit)
    near = emit_gaussian(graph, rows, machine.support_vectors_, float(machine.gamma))
    if not fitted.classes:
        weights, bias = machine.dual_coef_.T * fitted.scale, machine.intercept_ * fitted.scale + fitted.offset
        return graph.cast(emit_affine(graph, near, weights, bias), "float")
    slope, level = head(fitted.link)
    weights, bias = pair_weights(machine) @ slope, machine.intercept_ @ slope + level
    return emit_softmax(graph, emit_affine(graph, near, weights, bias), fitted.seen, fitted.classes)
