"""Extremely randomised trees: all rows, random thresholds among random features, shares averaged.

Reference: Geurts, Ernst, Wehenkel, Extremely randomized trees, Machine Learning 63, 2006.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.arange(40, dtype=np.float32).reshape(-1, 1)
>>> forest = fit(Lesson(x=x, y=np.arange(40) // 20, task="binary", classes=2), defaults(SPACE) | {"trees": 20})
>>> predict(forest, np.array([[0.0], [39.0]], dtype=np.float32)).argmax(axis=1).tolist()
[0, 1]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Choice, Float, Int, Lesson, Settings, Space, View
from volvelle.train.forest import Grown, emit_grown, forests, grow, predict_grown

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "ordinal"
COST = 5
SPACE: Space = {
    "trees": Int(low=10, high=300, default=100, log=True),
    "depth": Int(low=2, high=20, default=14),
    "min_leaf": Int(low=1, high=50, default=2, log=True),
    "features": Float(low=0.1, high=1.0, default=0.5),
    "balanced": Choice(options=(False, True), default=False),
}
SMALL: Space = SPACE | {
    "trees": Int(low=2, high=60, default=15, log=True),
    "leaves": Int(low=4, high=512, default=32, log=True),
    "leaf_bits": Choice(options=(24, 12, 8), default=24),
}
PORTFOLIO: tuple[Settings, ...] = ({"trees": 150, "depth": 20, "min_leaf": 1, "features": 0.6},)


def fit(lesson: Lesson, settings: Settings) -> Grown:
    """Grow the trees, each from its own seed: the number of threads changes nothing."""
    shared = {
        "n_estimators": settings["trees"],
        "max_depth": settings["depth"],
        "max_leaf_nodes": settings.get("leaves"),
        "min_samples_leaf": settings["min_leaf"],
        "max_features": settings["features"],
        "random_state": lesson.seed,
        "n_jobs": lesson.threads,
    }
    weights = "balanced" if settings["balanced"] else None
    return grow(
        ExtraTreesClassifier(class_weight=weights, **shared),
        ExtraTreesRegressor(**shared),
        lesson,
        settings.get("leaf_bits", 24),
    )


def small(leaves: int) -> tuple[Settings, ...]:
    """Forests with so many leaves in all: large trees and many, deep ones and balanced ones, leaves whole and short."""
    return forests(leaves)


def predict(fitted: Grown, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer."""
    return predict_grown(fitted, x)


def emit(graph: Graph, x: Value, fitted: Grown) -> Value:
    """One tree ensemble, its sums exact, over the number of trees."""
    return emit_grown(graph, x, fitted)
