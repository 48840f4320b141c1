"""Boosters that are grown at once."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.catalog import ESTIMATORS
from volvelle.model.session import Session
from volvelle.model.signature import ModelTask
from volvelle.testing.check_estimator import compare, lessons, onnx_bytes
from volvelle.train.contract import Lesson, defaults


@pytest.mark.parametrize("name", ["lightgbm", "catboost"])
def test_threads_change_nothing(name: str) -> None:
    """Three boosters of 20,000 rows, with gaps and categories, give the same file by one thread, two and three."""
    estimator = ESTIMATORS.load(name)
    rng = np.random.default_rng(8)
    x = rng.normal(size=(20_000, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    x[:, 5] = rng.integers(0, 30, len(x))
    y = (np.nansum(x[:, :3], axis=1) + (x[:, 5] % 3) + rng.normal(size=len(x)) > 1).astype(np.int64)
    settings = defaults(estimator.SPACE) | {"trees": 60, "boosters": 3}
    files = {
        onnx_bytes(estimator, estimator.fit(Lesson(x, y, "binary", 2, (5,), seed=4, threads=threads), settings), 6)
        for threads in (1, 2, 3)
    }
    assert len(files) == 1


@pytest.mark.parametrize("name", ["lightgbm", "catboost"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_averaged_boosters_answer_as_their_graph(name: str, task: ModelTask) -> None:
    """Three boosters in one ensemble of trees answer as the library's own, for every task."""
    estimator = ESTIMATORS.load(name)
    lesson = next(lessons(task, "raw"))[1]
    fitted = estimator.fit(lesson, defaults(estimator.SPACE) | {"trees": 30, "boosters": 3})
    answer = Session(onnx_bytes(estimator, fitted, lesson.x.shape[1])).run({"x": lesson.x})["scores"]
    parity = compare(estimator.predict(fitted, lesson.x), answer, task)
    assert (parity.labels, parity.largest <= 1e-5) == (0, True), parity


@pytest.mark.parametrize("name", ["lightgbm", "catboost"])
def test_stopping_early_where_there_is_little_to_stop_by(name: str) -> None:
    """Four rows of a class, one row that differs, or one class held out boost nobody to the end; few rows do fit."""
    estimator = ESTIMATORS.load(name)
    x = np.random.default_rng(2).normal(size=(300, 3)).astype(np.float32)
    asked = defaults(estimator.SPACE)
    rare = (np.arange(300) < 4).astype(np.int64)
    assert "trees" not in estimator.settle(Lesson(x, rare, "binary", 2), asked)
    lone = (np.arange(300) == 5).astype(float)
    assert estimator.settle(Lesson(x, lone, "regression", 0), asked)["trees"] < 500
    alone = Lesson(x[200:], np.zeros(100, dtype=np.int64), "binary", 2)
    grown = estimator.grow_until(Lesson(x[:200], (x[:200, 0] > 0).astype(np.int64), "binary", 2), alone, asked)
    assert grown.losses == ()
    assert estimator.predict(grown.learnt, x).shape == (300, 2)
    for rows in (2, 4, 8, 12):
        lesson = Lesson(x[:rows], np.arange(rows) % 2, "binary", 2)
        estimator.predict(estimator.fit(lesson, asked | {"rows": 0.5, "boosters": 3}), x)
