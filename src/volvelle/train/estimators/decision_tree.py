"""A single decision tree (CART): readable rules, small enough for any device.

Reference: Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984.

>>> import numpy as np
>>> from volvelle.train.contract import Lesson, defaults
>>> x = np.arange(8, dtype=np.float32).reshape(-1, 1)
>>> tree = fit(Lesson(x=x, y=np.array([0] * 4 + [1] * 4), task="binary", classes=2), defaults(SPACE) | {"min_leaf": 1})
>>> predict(tree, np.array([[3.4], [3.6]], dtype=np.float32)).tolist()
[[1.0, 0.0], [0.0, 1.0]]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import ModelTask
from volvelle.train.contract import Choice, Float, Int, Lesson, Settings, Space, View
from volvelle.train.forest import Grown, emit_grown, grow, predict_grown

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
VIEW: View = "ordinal"
COST = 2
SPACE: Space = {
    "depth": Int(low=1, high=20, default=10),
    "min_leaf": Int(low=1, high=100, default=15, log=True),
    "pruning": Float(low=1e-6, high=1e-1, default=1e-3, log=True),
    "balanced": Choice(options=(False, True), default=False),
}


SMALL: Space = SPACE | {
    "leaves": Int(low=2, high=1024, default=32, log=True),
    "leaf_bits": Choice(options=(24, 12, 8), default=24),
}


def fit(lesson: Lesson, settings: Settings) -> Grown:
    """Grow and prune. `pruning` is the least gain that a split must bring, as a share of the root's impurity."""
    # scikit-learn states the cost of complexity in units of impurity: variance for a regression.
    unit = float(np.var(lesson.y)) if lesson.task == "regression" else 1.0
    shared = {
        "max_depth": settings["depth"],
        "max_leaf_nodes": settings.get("leaves"),
        "min_samples_leaf": settings["min_leaf"],
        "random_state": lesson.seed,
        "ccp_alpha": settings["pruning"] * unit,
    }
    weights = "balanced" if settings["balanced"] else None
    return grow(
        DecisionTreeClassifier(class_weight=weights, **shared),
        DecisionTreeRegressor(**shared),
        lesson,
        settings.get("leaf_bits", 24),
    )


def small(leaves: int) -> tuple[Settings, ...]:
    """Trees of so many leaves, with whole ones and short ones, flat; and of a quarter of them."""
    shapes = [(leaves, 20, 24), (leaves // 4, 20, 24), (leaves, 8, 8)]
    return tuple(
        {"leaves": min(size, 1024), "depth": depth, "min_leaf": 5, "pruning": 1e-6, "leaf_bits": bits}
        for size, depth, bits in shapes
        if size >= 2
    )


def predict(fitted: Grown, x: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """scikit-learn's answer."""
    return predict_grown(fitted, x)


def emit(graph: Graph, x: Value, fitted: Grown) -> Value:
    """One ensemble of one tree."""
    return emit_grown(graph, x, fitted)
