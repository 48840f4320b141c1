"""Every estimator: the conformance kit, parity on real tables, agreement with the untouched library."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from types import SimpleNamespace

import lightgbm
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from volvelle.catalog import ESTIMATORS
from volvelle.model.session import Session
from volvelle.model.signature import ModelTask
from volvelle.prepare.contract import AS_THEY_COME
from volvelle.testing.check_estimator import check_estimator, compare, lessons, onnx_bytes
from volvelle.testing.fuzz import fuzzed_rows
from volvelle.train.contract import Choice, Lesson, defaults

NAMES = ESTIMATORS.names()


def table(task: ModelTask, view: str) -> Lesson:
    """A real table that ships with scikit-learn: breast cancer, digits or diabetes; scaled for dense views."""
    load = {"binary": load_breast_cancer, "multiclass": load_digits, "regression": load_diabetes}[task]
    x, y = load(return_X_y=True)
    if view == "dense":
        scale = x.std(axis=0)
        x = (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1)
    classes = 0 if task == "regression" else int(y.max()) + 1
    return Lesson(x.astype(np.float32)[:600], y[:600] if classes else y[:600].astype(np.float64), task, classes, seed=3)


def pairs() -> list[tuple[str, ModelTask]]:
    return [(name, task) for name in NAMES for task in ESTIMATORS.fact(name, "TASKS")]


@pytest.mark.parametrize("name", NAMES)
def test_kit(name: str) -> None:
    """Every estimator in the folder keeps all promises of the contract."""
    check_estimator(ESTIMATORS.load(name))


@pytest.mark.parametrize("name", ["lightgbm", "catboost", "mlp"])
def test_kit_of_what_makes_models_smaller(name: str) -> None:
    """All promises are kept with the least bits as the default, and with every share of the weights and bits beside."""
    estimator = ESTIMATORS.load(name)
    more = {key: dim for key, dim in estimator.SMALL.items() if key not in estimator.SPACE and isinstance(dim, Choice)}
    assert more
    least = {key: Choice(options=dim.options, default=dim.options[-1]) for key, dim in more.items()}
    named = {key: getattr(estimator, key) for key in dir(estimator)}
    check_estimator(SimpleNamespace(**named | {"SPACE": estimator.SPACE | least}))


@pytest.mark.parametrize(("name", "task"), pairs())
def test_parity_on_real_tables(name: str, task: ModelTask) -> None:
    """On a real table and 3,000 fuzzed rows no label differs and no score by more than 1e-5."""
    estimator = ESTIMATORS.load(name)
    lesson = table(task, estimator.VIEW)
    fitted = estimator.fit(lesson, defaults(estimator.SPACE))
    session = Session(onnx_bytes(estimator, fitted, lesson.x.shape[1]))
    rows = np.concatenate([lesson.x, fuzzed_rows(lesson.x, 3000, 8, missing=estimator.VIEW in AS_THEY_COME)])
    parity = compare(estimator.predict(fitted, rows), session.run({"x": rows})["scores"], task)
    assert (parity.labels, parity.largest <= 1e-5) == (0, True), parity


@pytest.mark.parametrize(("name", "task"), [p for p in pairs() if p[0] != "constant"])
def test_it_learns(name: str, task: ModelTask) -> None:
    """With default settings every estimator does clearly better than the constant on rows it has not seen."""
    estimator = ESTIMATORS.load(name)
    whole = table(task, estimator.VIEW)
    half = Lesson(whole.x[::2], whole.y[::2], task, whole.classes, seed=1)
    answer = estimator.predict(estimator.fit(half, defaults(estimator.SPACE)), whole.x[1::2])
    truth = whole.y[1::2]
    if task == "regression":
        assert np.mean((answer[:, 0] - truth) ** 2) < 0.8 * np.var(truth)
    else:
        assert np.mean(answer.argmax(axis=1) == truth) > {"binary": 0.88, "multiclass": 0.45}[task]


@pytest.mark.parametrize("name", NAMES)
def test_parity_on_odd_lessons(name: str) -> None:
    """Huge, tiny, shifted and doubled features, a single row and targets of any size leave no difference."""
    estimator = ESTIMATORS.load(name)
    task: ModelTask = estimator.TASKS[-1]
    plain = next(lessons(task, estimator.VIEW))[1]
    odd = [replace(plain, x=(plain.x * scale).astype(np.float32), categorical=()) for scale in (1e36, 1e-42)]
    odd += [replace(plain, x=np.hstack([plain.x, plain.x])), replace(plain, x=plain.x[:1], y=plain.y[:1])]
    odd.append(replace(plain, x=(plain.x + 1e6).astype(np.float32), categorical=()))
    if task == "regression":
        odd += [replace(plain, y=plain.y * 1e30), replace(plain, y=plain.y * 1e-40), replace(plain, y=plain.y + 1e9)]
    for lesson in odd:
        fitted = estimator.fit(lesson, defaults(estimator.SPACE))
        fuzzed = fuzzed_rows(lesson.x, 300, 2, missing=estimator.VIEW in AS_THEY_COME, categorical=lesson.categorical)
        rows = np.concatenate([lesson.x, fuzzed])
        answer = Session(onnx_bytes(estimator, fitted, rows.shape[1])).run({"x": rows})["scores"]
        parity = compare(estimator.predict(fitted, rows), answer, task)
        assert np.isfinite(answer).all()
        assert (parity.labels, parity.largest <= 1e-5) == (0, True), parity


@pytest.mark.parametrize("name", NAMES)
def test_no_warning_reaches_the_user(name: str) -> None:
    """Fitting and predicting on an awkward lesson (a class of one row) raises no warning of any kind."""
    estimator = ESTIMATORS.load(name)
    task: ModelTask = estimator.TASKS[-1]
    lesson = dict(lessons(task, estimator.VIEW))["six rows"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator.predict(estimator.fit(lesson, defaults(estimator.SPACE)), lesson.x)


def test_rounded_forest_agrees_with_the_untouched_one() -> None:
    """Rounding the leaves moves no share of a random forest by more than 1e-5, and no label off a tie."""
    forest = ESTIMATORS.load("random_forest")
    lesson = table("multiclass", "ordinal")
    ours = forest.predict(forest.fit(lesson, defaults(forest.SPACE)), lesson.x)
    plain = RandomForestClassifier(100, max_depth=12, min_samples_leaf=2, max_features=0.3, random_state=lesson.seed)
    theirs = plain.fit(lesson.x, lesson.y).predict_proba(lesson.x)
    assert np.abs(ours - theirs).max() <= 1e-5
    clear = np.diff(np.sort(theirs, axis=1)[:, -2:]).ravel() > 1e-4
    assert np.array_equal(ours.argmax(axis=1)[clear], theirs.argmax(axis=1)[clear])


def test_rounded_regression_forest_agrees_with_the_untouched_one() -> None:
    """Rounding the leaves moves no value of an extra-trees regression by more than 1e-5 of its size."""
    extra = ESTIMATORS.load("extra_trees")
    lesson = table("regression", "ordinal")
    ours = extra.predict(extra.fit(lesson, defaults(extra.SPACE)), lesson.x)[:, 0]
    plain = ExtraTreesRegressor(100, max_depth=14, min_samples_leaf=2, max_features=0.5, random_state=lesson.seed)
    offset = float(np.float32(lesson.y.mean()))
    theirs = plain.fit(lesson.x, lesson.y - offset).predict(lesson.x) + offset
    assert np.abs((ours - theirs) / np.maximum(1, np.abs(theirs))).max() <= 1e-5


def test_rounded_booster_agrees_with_the_untouched_one() -> None:
    """Rounding the leaves moves no probability of a booster, trained on the same rows, by more than 1e-5."""
    boosted = ESTIMATORS.load("lightgbm")
    lesson = table("binary", "raw")
    settings = defaults(boosted.SPACE) | {"features": 1.0, "rows": 1.0}
    ours = boosted.predict(boosted.fit(lesson, settings), lesson.x)[:, 1]
    parameters = {
        "objective": "binary", "learning_rate": 0.1, "num_leaves": 15, "min_data_in_leaf": 15, "lambda_l2": 1.0,
        "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1, "seed": lesson.seed,
    }  # fmt: skip
    plain = lightgbm.train(parameters, lightgbm.Dataset(lesson.x, lesson.y), 120)
    assert np.abs(ours - plain.predict(lesson.x)).max() <= 1e-5


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_averaged_boosters_are_one_ensemble(task: ModelTask) -> None:
    """Three boosters answer the mean, before the link, of three that are fitted alone, and export exactly."""
    boosted = ESTIMATORS.load("lightgbm")
    lesson = table(task, "raw")
    settings = defaults(boosted.SPACE) | {"trees": 20, "boosters": 3, "rows": 0.8}
    fitted = boosted.fit(lesson, settings)
    seeds = [lesson.seed + boosted._APART * k for k in range(3)]
    alone = [boosted.fit(replace(lesson, seed=seed), settings | {"boosters": 1}) for seed in seeds]
    given = boosted.predict(fitted, lesson.x).astype(np.float64)
    each = np.stack([boosted.predict(one, lesson.x) for one in alone]).astype(np.float64)
    assert np.ptp(each, axis=0).max() > 1e-3
    if task != "regression":
        mean = np.exp(np.log(each).mean(axis=0))
        each = (mean / mean.sum(axis=1, keepdims=True))[None]
    assert np.allclose(given, np.mean(each, axis=0), rtol=1e-4, atol=1e-5)
    answers = Session(onnx_bytes(boosted, fitted, lesson.x.shape[1])).run({"x": lesson.x})["scores"]
    parity = compare(given, answers, task)
    assert (parity.labels, parity.largest <= 1e-5) == (0, True)


@pytest.mark.parametrize("weights", ["equal", "distance"])
def test_neighbours_agree_with_scikit_learn(weights: str) -> None:
    """Whole-number features change no neighbour of real rows: scikit-learn, on the features as they are, agrees."""
    neighbours = ESTIMATORS.load("nearest_neighbours")
    lesson = table("binary", "dense")
    asked = np.random.default_rng(2).normal(size=(400, lesson.x.shape[1])).astype(np.float32)
    ours = neighbours.predict(neighbours.fit(lesson, {"neighbours": 7, "weights": weights}), asked)
    kind = "uniform" if weights == "equal" else "distance"
    plain = KNeighborsClassifier(7, weights=kind, algorithm="brute").fit(lesson.x.astype(np.float64), lesson.y)
    assert np.abs(ours - plain.predict_proba(asked.astype(np.float64))).max() <= 1e-5


def test_equal_distances_go_to_the_earlier_row() -> None:
    """Among stored rows at the same distance the earlier one is the neighbour, in Python and in the graph."""
    neighbours = ESTIMATORS.load("nearest_neighbours")
    x = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], dtype=np.float32)
    fitted = neighbours.fit(Lesson(x, np.array([2, 1, 0, 0]), "multiclass", 3), {"neighbours": 1, "weights": "equal"})
    centre = np.zeros((1, 2), dtype=np.float32)
    found = Session(onnx_bytes(neighbours, fitted, 2)).run({"x": centre})["scores"]
    assert found.tolist() == neighbours.predict(fitted, centre).tolist() == [[0.0, 0.0, 1.0]]


@pytest.mark.parametrize("name", ["rbf_svm", "nearest_neighbours"])
def test_large_lessons_are_capped(name: str) -> None:
    """30,000 rows are learnt from through a sample of at most 5,000 that keeps a class of three rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30_000, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    y[:3], x[:3] = 2, 9.0
    estimator = ESTIMATORS.load(name)
    fitted = estimator.fit(Lesson(x, y, "multiclass", 3), defaults(estimator.SPACE) | {"cost": 1.0, "neighbours": 1})
    stored = fitted.library.shape_fit_[0] if name == "rbf_svm" else len(fitted.rows)
    assert stored == 5_000
    scores = estimator.predict(fitted, np.concatenate([x[:1], x[3:4]]))
    assert scores[0, 2] > 5 * scores[1, 2]


def test_booster_uses_category_sets_and_missing_values() -> None:
    """A category signal that no threshold can cut becomes set membership, exact for unseen codes and NaN."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 80, 2000).astype(np.float32)
    x = np.column_stack([codes, rng.normal(size=2000)]).astype(np.float32)
    y = (codes % 2).astype(np.int64)
    boosted = ESTIMATORS.load("lightgbm")
    fitted = boosted.fit(Lesson(x, y, "binary", 2, categorical=(0,)), defaults(boosted.SPACE) | {"trees": 20})
    content = onnx_bytes(boosted, fitted, 2)
    asked = np.array([[c, 0.0] for c in (*range(-3, 90), 2**31, 1e30, np.nan)], dtype=np.float32)
    parity = compare(boosted.predict(fitted, asked), Session(content).run({"x": asked})["scores"], "binary")
    assert b"membership_values" in content
    assert parity.labels == 0
    assert parity.largest <= 1e-6


SCRIPT = """
import hashlib, sys
from volvelle.catalog import ESTIMATORS
from volvelle.testing.check_estimator import lessons, onnx_bytes
from volvelle.train.contract import defaults
from dataclasses import replace
for name in ESTIMATORS.names():
    estimator = ESTIMATORS.load(name)
    for task in estimator.TASKS:
        lesson = replace(next(lessons(task, estimator.VIEW, 400))[1], threads=int(sys.argv[1]))
        content = onnx_bytes(estimator, estimator.fit(lesson, defaults(estimator.SPACE)), lesson.x.shape[1])
        print(name, task, hashlib.sha256(content).hexdigest())
"""


def digests(hash_seed: str, threads: str) -> list[str]:
    environment: dict[str, str] = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": threads}
    environment["OPENBLAS_NUM_THREADS"] = threads
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, threads], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_bytes_do_not_depend_on_hash_seed_or_threads() -> None:
    """Processes with other hash seeds and thread counts write the same ONNX bytes for every estimator and task."""
    first = digests("0", "1")
    assert len(first) == len(pairs())
    assert first == digests("1", "2")
