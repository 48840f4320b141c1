"""Trees in one form, and in C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from volvelle.catalog import ESTIMATORS
from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.train import learning
from volvelle.train.contract import Lesson, defaults

LOADERS = {"breast_cancer": load_breast_cancer, "digits": load_digits}


def trained(estimator: str, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], settings: dict[str, Any]) -> bytes:
    """An estimator as an ONNX file of scores."""
    classes = len(np.unique(y))
    module = ESTIMATORS.load(estimator)
    lesson = Lesson(x=x, y=y, task="binary" if classes == 2 else "multiclass", classes=classes, seed=7)
    learnt = learning.learn(estimator, lesson, defaults(module.SPACE) | settings)
    graph = Graph("trees")
    graph.output("scores", module.emit(graph, graph.input("numbers", "float", x.shape[1]), learnt.fitted))
    return graph.finish()


@pytest.mark.parametrize(
    ("estimator", "settings"),
    [("lightgbm", {"rounds": 12}), ("random_forest", {"trees": 12, "depth": 8}), ("decision_tree", {})],
)
@pytest.mark.parametrize("data", LOADERS)
def test_trees_in_c_answer_as_the_onnx_file(estimator: str, settings: dict[str, Any], data: str) -> None:
    """On every row of a real table, one cell in twenty missing, each score and each label is the same."""
    x, y = LOADERS[data](return_X_y=True)
    rows = x.astype(np.float32)
    content = trained(estimator, rows, y, {k: v for k, v in settings.items() if k in ESTIMATORS.load(estimator).SPACE})
    if estimator == "lightgbm":
        rows[np.random.default_rng(0).random(rows.shape) < 0.05] = np.nan
    own = Host(compiled(content).sources).run([np.ascontiguousarray(rows)])[0]
    wanted = np.asarray(Session(content).run({"numbers": rows})["scores"])
    assert float(np.abs(own - wanted).max()) <= 1e-6
    assert (own.argmax(axis=1) == wanted.argmax(axis=1)).all()
