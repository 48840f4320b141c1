"""Importance, dependence, calibration, thresholds, the simplest candidate."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from explain_models import KINDS, shipped, shipped_as, table, truth  # type: ignore[import-not-found]
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge

from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.calibration import calibration
from volvelle.evaluate.explain.dependence import dependences
from volvelle.evaluate.explain.importance import MOST_COLUMNS, Question, importances
from volvelle.evaluate.explain.shipped import replaced
from volvelle.evaluate.explain.simplest import simplest, standard_error
from volvelle.evaluate.explain.thresholds import counts, thresholds
from volvelle.evaluate.measure import value
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.spec.gates import parse
from volvelle.train.records import Searched, Trial


def side_of(model: Any, inputs: Any, y: Any) -> Side:
    """The test side of a model."""
    found: Side = model.side(inputs, y)
    return found


@pytest.mark.parametrize(
    ("estimator", "task", "metric"),
    [("lightgbm", "binary", "roc_auc"), ("logistic", "multiclass", "log_loss"), ("linear", "regression", "rmse")],
)
def test_importance_finds_what_matters(estimator: str, task: ModelTask, metric: str) -> None:
    """The strongest column comes first with an interval above 0; the idle one straddles 0; a seed gives it again."""
    train, test = table(400), table(500, seed=5)
    model = shipped(estimator, task, train, truth(train, task))
    inputs, y = model.encode(test), truth(test, task, seed=6)
    asked = Question(metric, task, seed=3)
    found = importances(model, inputs, side_of(model, inputs, y), asked)
    by_name = {i.column: i for i in found.importances}
    assert found.importances[0].column == "first"
    assert by_name["first"].low is not None
    assert by_name["first"].low > 0
    idle = by_name["idle"]
    assert idle.low is not None
    assert idle.high is not None
    assert idle.low <= 0 <= idle.high
    assert importances(model, inputs, side_of(model, inputs, y), asked) == found


def test_importance_equals_scikit_learn() -> None:
    """The mean loss of R2 over shuffles is scikit-learn's, within the spread of the shuffles."""
    frame = table(600)
    y = truth(frame, "regression")
    model = shipped("linear", "regression", frame, y)
    inputs = model.encode(frame)
    found = importances(model, inputs, side_of(model, inputs, y), Question("r2", "regression", repeats=20))
    x = np.column_stack([frame["first"], frame["second"].fill_null(0.0), *((frame["kind"] == k) for k in KINDS)])
    oracle = permutation_importance(Ridge().fit(x, y), x, y, n_repeats=30, random_state=0).importances_mean
    mine = next(i.value for i in found.importances if i.column == "first")
    assert mine == pytest.approx(oracle[0], rel=0.05)


def test_importance_of_groups_resamples_groups() -> None:
    """Rows of one group rise and fall together: intervals over ten groups are wider than over 500 rows."""
    frame = table(500)
    y = truth(frame, "binary")
    model = shipped("logistic", "binary", frame, y)
    inputs = model.encode(frame)
    plain = side_of(model, inputs, y)
    grouped = Side(y=y, labels=plain.labels, scores=plain.scores, groups=np.arange(500) // 50)
    spans = []
    for side in (plain, grouped):
        first = importances(model, inputs, side, Question("roc_auc", "binary")).importances[0]
        assert first.low is not None
        assert first.high is not None
        spans.append(first.high - first.low)
    assert spans[1] > spans[0]


def test_very_many_columns_are_screened() -> None:
    """Of very many columns only those that the model reacts to are measured, and a note says so."""
    names = [f"n{k}" for k in range(MOST_COLUMNS + 20)]
    x = np.random.default_rng(0).normal(size=(400, len(names)))
    y = x[:, -3:].sum(axis=1)
    frame = pl.DataFrame(x, schema=names)
    known = Signature(features=tuple(Feature(name=n, kind="number") for n in names), target="y", task="regression")
    model = shipped_as(known, "linear", frame, y)
    inputs = model.encode(frame)
    found = importances(model, inputs, side_of(model, inputs, y), Question("rmse", "regression"))
    assert len(found.importances) == MOST_COLUMNS
    assert {i.column for i in found.importances[:3]} == set(names[-3:])
    assert "react" in found.notes[0]


def test_dependence_is_the_mean_answer() -> None:
    """Each point is the mean answer with the column set; categories and numbers differ; bands hold the mean."""
    frame = table(250)
    model = shipped("random_forest", "binary", frame, truth(frame, "binary"))
    inputs = model.encode(frame)
    kind, first = dependences(model, inputs, ("kind", "first"))
    assert set(kind.labels) == set(KINDS)
    assert not kind.at
    assert kind.of == "yes"
    place = next(p for p in model.places() if p.feature.name == "first")
    at = first.at[-1]
    assert first.mean[-1] == pytest.approx(model.answers(replaced(inputs, place, at))[1][:, 1].mean())
    assert first.mean[-1] > first.mean[0] + 0.5
    assert all(a <= m <= b for a, m, b in zip(first.low, first.mean, first.high, strict=True))


def test_calibration_bins() -> None:
    """Honest probabilities lie within most intervals, squared ones do not; every row is in one bin."""
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    y = (rng.random(4000) < p).astype(np.int64)
    honest = calibration(Side(y, y, np.column_stack([1 - p, p])), "binary")
    assert sum(b.rows for b in honest) == 4000
    assert sum(b.low <= b.stated <= b.high for b in honest) >= 8
    squared = calibration(Side(y, y, np.column_stack([1 - p**2, p**2])), "binary")
    assert sum(b.low <= b.stated <= b.high for b in squared) <= 4
    assert calibration(Side(y[:6], y[:6], np.eye(2)[y[:6]]), "binary") == ()


def test_calibration_of_values_and_classes() -> None:
    """Regression holds mean prediction against mean truth; more classes the confidence against its hits."""
    rng = np.random.default_rng(1)
    y = rng.normal(10, 3, 500)
    bins = calibration(Side(y, np.empty(0, dtype=np.int64), (y + rng.normal(0, 1, 500))[:, None]), "regression")
    assert [b.observed for b in bins] == sorted(b.observed for b in bins)
    truth_ = rng.integers(0, 3, 900)
    scores = np.where(np.eye(3)[truth_] > 0, 0.6, 0.2)
    assert [b.observed for b in calibration(Side(truth_, truth_, scores), "multiclass")] == [1.0]


def test_threshold_curve_is_the_metric_at_each_threshold() -> None:
    """Every value is what the metric gives for the labels at that threshold, and the meeting range meets all gates."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 500)
    p = np.clip(0.5 + 0.25 * (y - 0.5) + rng.normal(0, 0.2, 500), 0, 1)
    scores = np.column_stack([1 - p, p])
    side = Side(y, (p >= 0.35).astype(np.int64), scores)
    gates = [parse(t) for t in ("recall >= 0.8", "precision >= 0.5", "roc_auc >= 0.6", "recall where a = 'b' >= 0.9")]
    found = thresholds(side, gates)
    assert found is not None
    assert found.gates == 2
    assert found.shipped == pytest.approx(0.35, abs=0.01)
    for line in found.lines:
        for at, shown in list(zip(found.at, line.values, strict=True))[::17]:
            exact = value(line.metric, Side(y, (p >= at).astype(np.int64), scores), "binary")
            assert (np.nan if shown is None else shown) == pytest.approx(exact, nan_ok=True)
    assert found.meeting is not None
    for at in found.meeting:
        labels = Side(y, (p >= at).astype(np.int64), scores)
        assert value("recall", labels, "binary") >= 0.8
        assert value("precision", labels, "binary") >= 0.5
    none = thresholds(side, [parse("recall >= 0.999"), parse("specificity >= 0.999")])
    assert none is not None
    assert none.meeting is None
    assert thresholds(Side(y * 0, y * 0, scores), []) is None


def test_threshold_tables_count_all_rows() -> None:
    """At every threshold the table holds every row once."""
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.6, 0.9])
    tables = counts(y, p, np.array([0.0, 0.6, 0.95]))
    assert tables.tolist() == [[[0, 2], [0, 2]], [[1, 1], [0, 2]], [[2, 0], [2, 0]]]


def trial(number: int, estimator: str, score: float | None, spread: float = 0.02) -> Trial:
    """One trial."""
    return Trial(
        number=number,
        estimator=estimator,
        settings={},
        status="done" if score else "failed",
        score=score,
        spread=spread,
    )


def test_simplest_within_one_standard_error() -> None:
    """The simplest near trial is named; a far one, a failed one and a dearer one are not; direction counts."""
    costs = {"lightgbm": 3, "mlp": 6}

    def asked(*trials: Trial, direction: Any = "up", best: int = 0) -> Any:
        whole = Searched(
            metric="roc_auc", direction=direction, trials=trials, best=best, seed=0, folds=5, budget=1.0, spent=1.0
        )
        return simplest(whole, costs)

    top = trial(0, "mlp", 0.9)
    assert standard_error(top, 5) == pytest.approx(0.01)
    assert asked(top, trial(1, "lightgbm", 0.895), trial(2, "logistic", 0.891)).estimator == "logistic"
    assert asked(top, trial(1, "lightgbm", 0.895), trial(2, "logistic", 0.88)).estimator == "lightgbm"
    assert asked(top, trial(1, "lightgbm", 0.8), trial(2, "logistic", None)).estimator == "mlp"
    assert asked(trial(0, "logistic", 0.9), trial(1, "mlp", 0.899)).estimator == "logistic"
    assert asked(trial(0, "mlp", 0.3), trial(1, "linear", 0.309), direction="down").estimator == "linear"
    assert asked(top) is None
