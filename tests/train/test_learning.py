"""Learning with a target's logarithm, early stopping, and the mean of members in one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.prepare import recipe as preparing
from volvelle.train.assemble import Part, assemble, expected
from volvelle.train.contract import Lesson, defaults
from volvelle.train.ending import labels
from volvelle.train.learning import answer, learn, settle, write

RNG = np.random.default_rng(8)
X = RNG.normal(size=(400, 3)).astype(np.float32)
PRICE = np.exp(3 + X[:, 0] + 0.3 * RNG.normal(size=400))


@pytest.mark.parametrize("name", ["linear", "lightgbm", "random_forest", "mlp"])
def test_log_target_is_exported(name: str) -> None:
    """With `log_target` the graph gives the library's answer turned back, within one unit of the last place."""
    settings = defaults(ESTIMATORS.load(name).SPACE) | {"log_target": True}
    learnt = learn(name, Lesson(X, PRICE, "regression", 0), settings)
    graph = Graph("g")
    graph.output("y", write(graph, graph.input("x", "float", 3), learnt))
    wide = np.concatenate([X, np.array([[1e6, 0, 0], [-1e6, 0, 0], [0, 0, 0]], dtype=np.float32)])
    found = np.asarray(Session(graph.finish()).run({"x": wide})["y"], dtype=np.float64)
    wanted = np.asarray(answer(learnt, wide), dtype=np.float64)
    assert np.isfinite(wanted).all()
    assert np.max(np.abs(found - wanted) / np.maximum(1, np.abs(wanted))) <= 1e-5


def test_log_target_helps_where_it_should() -> None:
    """On a target that is the exponential of a line, a line through its logarithm errs far less."""
    plain = defaults(ESTIMATORS.load("linear").SPACE)
    errors = [
        float(np.mean(np.abs(answer(learn("linear", Lesson(X, PRICE, "regression", 0), s), X)[:, 0] - PRICE)))
        for s in (plain, plain | {"log_target": True})
    ]
    assert errors[1] < 0.7 * errors[0]


def test_early_stopping_finds_few_trees_in_noise_and_more_in_signal() -> None:
    """LightGBM settles on few trees where there is nothing to learn, and the same lesson always gives the same."""
    settings = defaults(ESTIMATORS.load("lightgbm").SPACE)
    noise = Lesson(X, RNG.normal(size=400), "regression", 0)
    signal = Lesson(X, np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2], "regression", 0)
    found = settle("lightgbm", signal, settings)
    assert settle("lightgbm", noise, settings)["trees"] < 30 < found["trees"]
    assert settle("lightgbm", signal, settings) == found
    assert settle("lightgbm", signal, settings | {"trees": 7, "boosters": 1}) == {}
    assert settle("linear", signal, {}) == {}


def test_boosting_that_would_never_end_takes_wider_trees() -> None:
    """A board of many random squares makes the defaults give way to wider trees; settings that are given stay."""
    squares = np.random.default_rng(3)
    x = squares.uniform(0, 20, (4_000, 2)).astype(np.float32)
    y = squares.random((20, 20))[x[:, 0].astype(int), x[:, 1].astype(int)]
    lesson = Lesson(x, y, "regression", 0)
    asked = defaults(ESTIMATORS.load("lightgbm").SPACE)
    found = settle("lightgbm", lesson, asked)
    assert found["leaves"] > asked["leaves"]
    assert found["bins"] > asked["bins"]
    assert "leaves" not in settle("lightgbm", lesson, asked | {"l2": 1.5})


def test_finer_bins_tell_near_values_apart() -> None:
    """A target that changes 600 times along a column is learnt with 1,023 bins and not with 255."""
    x = np.random.default_rng(4).uniform(0, 1, (20_000, 1)).astype(np.float32)
    stripes = np.random.default_rng(5).integers(0, 2, 600)
    lesson = Lesson(x, stripes[(x[:, 0] * 600).astype(int)], "binary", 2)
    asked = defaults(ESTIMATORS.load("lightgbm").SPACE) | {"trees": 200, "leaves": 255}
    coarse, fine = (
        float(np.mean(answer(learn("lightgbm", lesson, asked | {"bins": bins}), x).argmax(axis=1) == lesson.y))
        for bins in (255, 1023)
    )
    assert coarse < 0.9 < fine, (coarse, fine)


def test_found_trees_are_used() -> None:
    """A booster has as many trees as its settings say."""
    lesson = Lesson(X, (X[:, 0] > 0).astype(np.int64), "binary", 2)
    settings = defaults(ESTIMATORS.load("lightgbm").SPACE) | {"trees": 13}
    assert learn("lightgbm", lesson, settings).fitted.library[0].num_trees() == 13


@pytest.mark.parametrize("threshold", [None, 0.2])
def test_members_stand_in_one_graph(threshold: float | None) -> None:
    """Three members of two views give one graph whose scores and labels are the weighted mean of the libraries."""
    signature = Signature(
        features=tuple(Feature(name=n, kind="number") for n in "abc"),
        target="t",
        task="binary",
        classes=("no", "yes"),
        positive=1,
        threshold=threshold,
    )
    y = (X[:, 0] + 0.5 * RNG.normal(size=400) > 0.5).astype(np.int64)
    inputs: dict[str, NDArray[Any]] = {"numbers": X}
    parts, features = [], {}
    for name, weight in (("logistic", 0.5), ("lightgbm", 0.3), ("linear_svm", 0.2)):
        module = ESTIMATORS.load(name)
        recipe = preparing.fit(inputs, signature, module.VIEW)
        features[module.VIEW] = preparing.features(recipe, signature, inputs)
        lesson = Lesson(features[module.VIEW], y, "binary", 2)
        parts.append(Part(learn(name, lesson, defaults(module.SPACE)), recipe, weight))
    content = assemble(signature, parts, {})
    found, wanted = Session(content).run(inputs), expected(parts, features)
    assert np.max(np.abs(np.asarray(found["scores"], dtype=np.float64) - wanted)) <= 1e-6
    assert (found["label"] == labels(wanted, signature)).all()
    if threshold is not None:
        assert (found["label"] == (found["scores"][:, 1] > np.float32(threshold))).all()
    alone = len(assemble(signature, parts[:1], {})) + len(assemble(signature, parts[2:], {}))
    both = len(assemble(signature, [parts[0], parts[2]], {}))
    assert both < alone


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_category_sets_stand_beside_classic_trees(classes: int) -> None:
    """Boosted trees with category sets, a forest and single trees share one graph of one operator version."""
    codes = RNG.integers(0, 8, size=(400, 1))
    signal = np.where(np.isin(codes[:, 0], (1, 4, 6)), 2.0, 0.0) + X[:, 0] + 0.2 * RNG.normal(size=400)
    target = signal if not classes else np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes))
    task: ModelTask = "regression" if not classes else "binary" if classes == 2 else "multiclass"
    signature = Signature(
        features=(
            *(Feature(name=n, kind="number") for n in "abc"),
            Feature(name="city", kind="category", categories=tuple("ABCDEFGH")),
        ),
        target="t",
        task=task,
        classes=tuple("xyz"[:classes]),
        positive=1 if classes == 2 else None,
    )
    inputs: dict[str, NDArray[Any]] = {"numbers": X, "codes": codes}
    parts, features = [], {}
    for name in ("lightgbm", "random_forest", "decision_tree"):
        module = ESTIMATORS.load(name)
        recipe = preparing.fit(inputs, signature, module.VIEW)
        features[module.VIEW] = preparing.features(recipe, signature, inputs)
        lesson = Lesson(features[module.VIEW], target, task, classes, preparing.categorical(recipe))
        parts.append(Part(learn(name, lesson, defaults(module.SPACE)), recipe, 1 / 3))
    content = assemble(signature, parts, {})
    assert b"TreeEnsembleRegressor" not in content
    given = Session(content).run(inputs)["scores" if classes else "prediction"]
    wanted = np.asarray(expected(parts, features), dtype=np.float64)
    assert np.max(np.abs(np.asarray(given, dtype=np.float64) - wanted) / np.maximum(1, np.abs(wanted))) <= 1e-6
