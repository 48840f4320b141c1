"""Linear regression: ordinary least squares, ridge, lasso or elastic net.

Reference: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2009, chapter 3.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.array([[0.0], [1.0], [2.0]], dtype=np.float32)
>>> line = fit(Lesson(x=x, y=np.array([1.0, 3.0, 5.0]), task="regression", classes=0), {"penalty": "none"})
>>> predict(line, np.array([[10.0]], dtype=np.float32)).round(3).tolist()
[[21.0]]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import ElasticNet, LinearRegression, Ridge

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Choice, Float, Lesson, Settings, Space, View
from volvelle.train.dense import emit_affine, emit_held, held, limits, standard
from volvelle.train.rows import calm

TASKS: tuple[ModelTask, ...] = ("regression",)
VIEW: View = "dense"
COST = 1
SPACE: Space = {
    "penalty": Choice(options=("ridge", "lasso", "elastic net", "none"), default="ridge"),
    "strength": Float(low=1e-6, high=1.0, default=1e-3, log=True),
    "mix": Float(low=0.05, high=0.95, default=0.5),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted regression of the standardised target."""

    library: Any
    limit: NDArray[np.float32]
    offset: float
    scale: float


def fit(lesson: Lesson, settings: Settings) -> Line:
    """Minimise half the mean squared error of the standardised target plus `strength` times the penalty."""
    limit = limits(lesson.x)
    offset, scale = standard(lesson.y)
    model = _model(settings, len(lesson.y), lesson.seed)
    with calm():
        model.fit(held(lesson.x, limit), (lesson.y - offset) / scale)
    return Line(model, limit, offset, scale)


def predict(fitted: Line, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer in double precision, rounded to float32."""
    with calm():
        answer = fitted.library.predict(held(x, fitted.limit)) * fitted.scale + fitted.offset
    return np.asarray(answer, dtype=np.float32).reshape(-1, 1)


def emit(graph: Graph, x: Value, fitted: Line) -> Value:
    """Hold, one affine map."""
    weights = np.asarray(fitted.library.coef_, dtype=np.float64).reshape(-1, 1) * fitted.scale
    bias = np.array([fitted.library.intercept_ * fitted.scale + fitted.offset])
    return graph.cast(emit_affine(graph, emit_held(graph, x, fitted.limit), weights, bias), "float")


def _model(settings: Settings, rows: int, seed: int) -> Any:
    penalty = settings["penalty"]
    if penalty == "none":
        return LinearRegression()
    if penalty == "ridge":
        return Ridge(alpha=settings["strength"] * rows)
    share = 1.0 if penalty == "lasso" else settings["mix"]
    return ElasticNet(alpha=settings["strength"], l1_ratio=share, max_iter=2000, random_state=seed)
