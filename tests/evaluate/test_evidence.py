"""The evidence of real models: every number in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import recall_score
from sklearn.preprocessing import StandardScaler

from volvelle.errors import ContractBroken, NotFound, SpecError
from volvelle.evaluate.evidence import Case, evidence, verdicts
from volvelle.evaluate.measure import fitting
from volvelle.evaluate.records import Evidence, Identity
from volvelle.evaluate.sides import side
from volvelle.model.signature import ModelTask, Signature

ABOUT = Identity(model="m", estimator="logistic", dataset="d", openings=1, versions={"python": "3.11"})


def case(
    bunch: Any, task: ModelTask, names: tuple[str, ...], positive: int | None, frame: pl.DataFrame | None = None
) -> Case:
    """A linear model on the first two thirds of a data set, tested on the rest."""
    x, y = StandardScaler().fit_transform(bunch.data), bunch.target
    order = np.random.default_rng(0).permutation(len(y))
    train, test = np.split(order, [len(y) * 2 // 3])
    signature = Signature(features=(), target="t", task=task, classes=names, positive=positive)
    model = Ridge() if task == "regression" else LogisticRegression(max_iter=200, C=0.1)
    model.fit(x[train], y[train])
    scores = model.predict(x) if task == "regression" else model.predict_proba(x)
    shares = (float(y[train].mean()),) if not names else tuple(np.bincount(y[train]) / len(train))
    made = [side(y[at], model.predict(x[at]), scores[at], signature) for at in (train, test)]
    raw = pl.DataFrame(bunch.data[test], [f"f{i}" for i in range(x.shape[1])]) if frame is None else frame
    metric = {"binary": "roc_auc", "multiclass": "f1", "regression": "rmse"}[task]
    return Case(signature, made[0], made[1], raw, shares, metric, model_size=5000, parity=1e-7, resamples=300)


@pytest.fixture(scope="module")
def cancer() -> Case:
    """Breast cancer, where the positive class stands at position 0."""
    return case(load_breast_cancer(), "binary", ("malignant", "safe"), 0)


def test_binary_evidence_equals_scikit_learn(cancer: Case) -> None:
    """Recall is about the signature's positive class, in the metrics, the confusion table and the gate."""
    made = evidence(cancer, ("recall >= 0.5", "recall where f0 >= 14 >= 0.5"), ("f1",), ABOUT)
    truth = float(recall_score(cancer.test.y, cancer.test.labels))
    found = {m.metric: m for m in made.metrics if m.side == "test" and not m.slice}
    assert found["recall"].value == pytest.approx(truth)
    assert made.classes == ("safe", "malignant")
    assert made.confusion[1][1] / sum(made.confusion[1]) == pytest.approx(truth)
    assert sum(map(sum, made.confusion)) == made.rows_test == len(cancer.test.y)
    assert set(found) == set(fitting("binary"))
    chosen = cancer.frame["f0"].to_numpy() >= 14
    sliced = made.verdicts[1]
    assert sliced.rows == chosen.sum()
    assert sliced.slice == "f0 >= 14"
    assert sliced.value == pytest.approx(recall_score(cancer.test.y[chosen], cancer.test.labels[chosen]))
    assert [v.verdict for v in made.verdicts] == ["pass", "pass"]
    assert made.beats_baseline is True
    assert made.gain is not None
    assert made.gain.value == pytest.approx((found["roc_auc"].value or 0) - 0.5)


def test_evidence_is_a_record(cancer: Case) -> None:
    """Evidence survives JSON, and the same case gives the same bytes."""
    made = evidence(cancer, ("accuracy >= 0.5",), (), ABOUT)
    text = msgspec.json.encode(made)
    assert msgspec.json.decode(text, type=Evidence) == made
    assert msgspec.json.encode(evidence(cancer, ("accuracy >= 0.5",), (), ABOUT)) == text


def test_intervals_hold_values_everywhere(cancer: Case) -> None:
    """Each test metric lies in its interval; train and baseline metrics have none."""
    made = evidence(cancer, (), (), ABOUT)
    for found in made.metrics:
        if found.side == "train":
            assert found.low is None
        else:
            assert found.value is not None
            assert found.low is not None
            assert found.high is not None
            assert found.low <= found.value <= found.high
    constant = {m.metric: m.value for m in made.baseline}
    assert constant["roc_auc"] == 0.5
    assert constant["balanced_accuracy"] == 0.5
    assert constant["precision"] is None


@pytest.mark.parametrize(
    ("gate", "verdict"),
    [
        ("accuracy >= 0.7", "pass"),
        ("accuracy >= 0.999", "fail"),
        ("accuracy where f0 > 1e9 >= 0.7", "not measured"),
        ("flash <= 64 KiB", "not measured"),
        ("ram <= 8 KiB", "not measured"),
        ("stack <= 1 KiB", "not measured"),
        ("latency <= 5 ms", "not measured"),
        ("instructions <= 1000", "not measured"),
        ("throughput >= 10 /s", "not measured"),
        ("model_size <= 64 KiB", "pass"),
        ("model_size <= 4 KiB", "fail"),
        ("parity <= 1e-5", "pass"),
        ("overfit_gap <= 0.2", "pass"),
    ],
)
def test_every_kind_of_gate(cancer: Case, gate: str, verdict: str) -> None:
    """Metrics, facts of the file, and what nothing measures yet, each with the right verdict and a reason."""
    (found,) = verdicts(cancer, (gate,))
    assert found.verdict == verdict
    assert found.reason or verdict == "pass"


def test_gates_alone_say_what_evidence_says(cancer: Case) -> None:
    """Judging again without measuring the rest gives the same verdicts."""
    gates = ("roc_auc >= 0.9", "overfit_gap <= 0.05", "f1 where f1 < 20 >= 0.6")
    assert verdicts(cancer, gates) == evidence(cancer, gates, (), ABOUT).verdicts


def test_multiclass_evidence() -> None:
    """Ten digits: macro averages, a table of ten classes, and no metric that is binary alone."""
    digits = case(load_digits(), "multiclass", tuple("0123456789"), None)
    made = evidence(digits, ("f1 >= 0.8", "accuracy >= 0.9"), (), ABOUT)
    assert [v.verdict for v in made.verdicts] == ["pass", "pass"]
    assert len(made.confusion) == 10
    assert "specificity" not in {m.metric for m in made.metrics}
    assert all(m.value is not None for m in made.metrics)
    assert made.beats_baseline is True


def test_regression_evidence_and_what_does_not_fit() -> None:
    """Diabetes: values, no table; a gate of another task is refused with those that fit."""
    diabetes = case(load_diabetes(), "regression", (), None)
    made = evidence(diabetes, ("r2 >= 0.1", "rmse <= 70"), ("f0",), ABOUT)
    assert [v.verdict for v in made.verdicts] == ["pass", "pass"]
    assert made.confusion == ()
    assert made.beats_baseline is True
    with pytest.raises(SpecError, match="recall does not fit a regression task") as caught:
        evidence(diabetes, ("recall >= 0.8",), (), ABOUT)
    assert "mae, mape, pinball, r2, rmse" in caught.value.next_move
    assert "recall >= 0.8" in caught.value.where


def test_gates_that_make_no_sense(cancer: Case) -> None:
    """A slice of a file's size, and unknown columns, are refused."""
    with pytest.raises(SpecError, match="has no slice"):
        verdicts(cancer, ("model_size where f0 > 1 <= 64 KiB",))
    with pytest.raises(SpecError, match="no column is called 'f99'"):
        verdicts(cancer, ("recall where f99 > 1 >= 0.5",))
    with pytest.raises(SpecError, match="no column is called 'sex'"):
        evidence(cancer, (), ("sex",), ABOUT)


def test_a_model_of_chance_does_not_beat_the_baseline() -> None:
    """Scores that know nothing are told from the baseline neither way."""
    rng = np.random.default_rng(5)
    signature = Signature(features=(), target="t", task="binary", classes=("a", "b"), positive=1)
    y, p = rng.integers(0, 2, 500), rng.random(500)
    made = side(y, (p > 0.5).astype(int), np.column_stack([1 - p, p]), signature)
    chance = Case(signature, made, made, pl.DataFrame({"x": p}), (0.5, 0.5), "roc_auc", 1, 0.0, resamples=300)
    assert evidence(chance, (), (), ABOUT).beats_baseline is None


def test_frame_must_match_the_side(cancer: Case) -> None:
    """Slices are never cut from other rows than those that were predicted."""
    with pytest.raises(ContractBroken, match="rows"):
        Case(cancer.signature, cancer.train, cancer.test, cancer.frame.head(3), (0.5, 0.5), "roc_auc", 1, 0.0)


def test_unknown_search_metric(cancer: Case) -> None:
    """A metric that does not exist is answered with near names."""
    wrong = Case(
        cancer.signature, cancer.train, cancer.test, cancer.frame, cancer.shares, "rocauc", model_size=1, parity=0.0
    )
    with pytest.raises(NotFound) as caught:
        evidence(wrong, (), (), ABOUT)
    assert "roc_auc" in caught.value.next_move


def test_sensitive_columns_of_adult(real_data: Path) -> None:
    """Adult, all 16,281 test rows: each sex and race has its metrics, and the model's gap in selection shows."""
    names = ["age", "relationship", "education", "hours_per_week"]
    frame = pl.read_csv(real_data / "tabular" / "adult_test.csv.gz", null_values=["?", " ?"])
    frame = frame.rename({c: c.strip().replace("-", "_").replace(".", "_") for c in frame.columns})
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars())
    y = frame["income"].str.starts_with(">").to_numpy().astype(int)
    x = frame.select(names).to_dummies(["relationship", "education"]).to_numpy().astype(float)
    model = LogisticRegression(max_iter=300).fit(StandardScaler().fit_transform(x), y)
    scores = model.predict_proba(StandardScaler().fit_transform(x))
    signature = Signature(features=(), target="income", task="binary", classes=("<=50K", ">50K"), positive=1)
    made = side(y, scores.argmax(axis=1), scores, signature)
    shares = (float(1 - y.mean()), float(y.mean()))
    adult = Case(signature, made, made, frame, shares, "roc_auc", model_size=1000, parity=0.0)
    found = evidence(adult, ("recall where sex = 'Female' >= 0.1",), ("sex", "race", "age"), ABOUT)
    slices = {m.slice for m in found.metrics if m.slice}
    assert {"sex = 'Female'", "sex = 'Male'"} <= slices
    assert sum(s.startswith("race = ") for s in slices) == 5
    assert sum(s.startswith("age") for s in slices) == 4
    rows = {m.slice: m.rows for m in found.metrics if m.slice.startswith("sex")}
    assert sum(rows.values()) == 16_281
    recall = {m.slice: m.value for m in found.metrics if m.metric == "recall" and m.slice.startswith("sex")}
    assert (recall["sex = 'Female'"] or 0) < (recall["sex = 'Male'"] or 0)
    assert found.verdicts[0].value == recall["sex = 'Female'"]
    assert found.verdicts[0].slice == "sex = 'Female'"
    assert found.resamples == 1000
