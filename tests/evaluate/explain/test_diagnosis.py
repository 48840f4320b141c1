"""The diagnosis: each sentence is said when its numbers are there, and not otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.diagnosis import Case, diagnose
from volvelle.evaluate.explain.records import Bin, Finding, Importance, Simpler
from volvelle.evaluate.explain.retrained import ablated, joined, more_rows, seeds
from volvelle.evaluate.records import Evidence, MetricResult
from volvelle.train.records import Candidate


def evidence(
    train: float, test: float, *, base: float = 0.5, beats: bool | None = True, metric: str = "roc_auc", **more: Any
) -> Evidence:
    """Evidence with one search metric and an interval of 0.02 on both sides."""
    accuracy = more.pop("accuracy", None)
    metrics = [
        MetricResult(metric=metric, side="train", value=train),
        MetricResult(metric=metric, side="test", value=test, low=test - 0.02, high=test + 0.02),
    ]
    if accuracy is not None:
        ends = {"low": accuracy - 0.01, "high": accuracy + 0.01}
        metrics.append(MetricResult(metric="accuracy", side="test", value=accuracy, **ends))
    facts: dict[str, Any] = {
        "task": "binary",
        "target": "y",
        "model": "",
        "estimator": "lightgbm",
        "dataset": "",
        "metrics": tuple(metrics),
        "baseline": (MetricResult(metric=metric, side="test", value=base),),
        "verdicts": (),
        "classes": ("no", "yes"),
        "confusion": ((60, 10), (10, 20)),
        "openings": 1,
        "rows_train": 100,
        "rows_test": 100,
        "level": 0.95,
        "resamples": 0,
        "seed": 0,
        "versions": {},
        "metric": metric,
        "beats_baseline": beats,
    }
    return Evidence(**{**facts, **more})


def told(case: Evidence, *, score: float | None = None, spread: float = 0.01, **more: Any) -> dict[str, Finding]:
    """The findings by topic."""
    test = next(m.value for m in case.metrics if m.side == "test" and m.metric == case.metric)
    candidate = Candidate(
        estimator=more.pop("estimator", "lightgbm"),
        settings={},
        seed=0,
        metric=case.metric,
        score=score if score is not None else float(test or 0.0),
        spread=spread,
    )
    facts: dict[str, Any] = {
        "folds": 5,
        "up": case.metric != "rmse",
        "perfect": 0.0 if case.metric == "rmse" else 1.0,
        "importances": (),
        "bins": (),
        "simpler": None,
    }
    return {f.topic: f for f in diagnose(Case(evidence=case, candidate=candidate, **{**facts, **more}))}


def test_learnt_or_not() -> None:
    """Beating the baseline is good; an interval that holds 0 says that nothing was learnt; worse is said as well."""
    assert told(evidence(0.9, 0.88))["learnt"].weight == "good"
    assert "Nothing was learnt" in told(evidence(0.9, 0.51, beats=None))["learnt"].headline
    assert "worse than a constant" in told(evidence(0.9, 0.45, beats=False))["learnt"].headline


@pytest.mark.parametrize(
    ("train", "test", "words", "weight"),
    [
        (0.90, 0.89, "No overfitting", "good"),
        (1.00, 0.70, "Overfitting", "warn"),
        (1.00, 0.93, "known better", "note"),
        (0.60, 0.59, "Underfitting", "warn"),
    ],
)
def test_fit_in_words(train: float, test: float, words: str, weight: str) -> None:
    """Training and test side by side are called over-, underfitted or sound, with advice where it is needed."""
    found = told(evidence(train, test))["fit"]
    assert words in found.headline
    assert found.weight == weight
    assert bool(found.advice) == (weight == "warn")
    assert f"{train:.3g} in training" in found.detail


def test_errors_are_read_the_other_way_round() -> None:
    """For an error that is to be low, a lower training error is the gain."""
    found = told(evidence(1.0, 5.0, base=10.0, metric="rmse"))["fit"]
    assert "Overfitting: 44%" in found.headline
    assert "No overfitting" in told(evidence(2.0, 2.01, base=10.0, metric="rmse"))["fit"].headline


def test_a_test_side_below_the_folds() -> None:
    """A test side clearly below what cross-validation promised is said; one within its interval is not."""
    assert "worse than cross-validation" in told(evidence(0.9, 0.7), score=0.9)["folds"].headline
    assert "folds" not in told(evidence(0.9, 0.88), score=0.9)


def test_accuracy_that_is_the_majority_rate() -> None:
    """Accuracy within its interval of the majority share is called what it is; a better one is a note."""
    table = ((990, 0), (10, 0))
    found = told(evidence(0.6, 0.55, confusion=table, accuracy=0.99))["imbalance"]
    assert "Never predicted: 'yes'" in found.headline
    heads = [f.headline for f in findings(evidence(0.6, 0.55, confusion=table, accuracy=0.99))]
    assert "Accuracy 0.99 is the majority rate" in heads
    mixed = evidence(0.9, 0.9, confusion=((880, 20), (20, 80)), accuracy=0.96)
    assert "accuracy is high whatever" in told(mixed)["imbalance"].headline
    assert "imbalance" not in told(evidence(0.9, 0.9, accuracy=0.8))


def findings(case: Evidence) -> tuple[Finding, ...]:
    """All findings, topics repeated."""
    candidate = Candidate(estimator="x", settings={}, seed=0, metric=case.metric, score=0.6, spread=0.01)
    return diagnose(Case(case, candidate, 5, True, 1.0, (), (), None))


def test_instability() -> None:
    """A spread over the folds that is a large part of the gain is said."""
    assert "stability" in told(evidence(0.7, 0.6), score=0.6, spread=0.05)
    assert "stability" not in told(evidence(0.9, 0.88), score=0.88, spread=0.05)


def test_one_column_that_knows_all() -> None:
    """A column that carries a near perfect answer alone is suspected; one among several is not."""
    alone = (Importance(column="cause", value=0.49), Importance(column="b", value=0.001))
    assert "'cause'" in told(evidence(1.0, 0.99), importances=alone)["leakage"].headline
    shared = (Importance(column="a", value=0.3), Importance(column="b", value=0.2))
    assert "leakage" not in told(evidence(1.0, 0.99), importances=shared)
    assert "leakage" not in told(evidence(0.8, 0.75), importances=alone)


def test_probabilities_at_their_word() -> None:
    """Bins within their intervals are trusted; most of them outside are said, and on which side."""
    good = tuple(Bin(stated=k / 10, observed=k / 10, low=k / 10 - 0.1, high=k / 10 + 0.1, rows=50) for k in range(10))
    assert told(evidence(0.9, 0.88), bins=good)["calibration"].weight == "good"
    high = tuple(Bin(stated=k / 10, observed=k / 20, low=0.0, high=k / 20 + 0.01, rows=50) for k in range(10))
    assert "too high" in told(evidence(0.9, 0.88), bins=high)["calibration"].headline


def test_simpler_model_beside_the_winner() -> None:
    """A simpler candidate as good is offered with the line that takes it; an interpretable winner is called so."""
    near = Simpler(
        estimator="logistic", trial=1, score=0.89, spread=0.01, winner="lightgbm", winner_score=0.9, error=0.01
    )
    found = told(evidence(0.9, 0.88), simpler=near)["simplest"]
    assert "logistic is as good" in found.headline
    assert 'estimators = ["logistic"]' in found.advice
    alone = Simpler(estimator="linear", trial=1, score=0.9, spread=0.0, winner="linear", winner_score=0.9, error=0.0)
    assert told(evidence(0.9, 0.88), simpler=alone)["simplest"].weight == "good"


def rows(noise: float, seed: int, n: int = 800) -> Side:
    """A side whose scores are as good as the noise lets them be; truth is always the same."""
    y = np.random.default_rng(0).integers(0, 2, n)
    p = np.clip(0.5 + 0.3 * (y - 0.5) + np.random.default_rng(seed).normal(0, noise, n), 0, 1)
    return Side(y, (p > 0.5).astype(np.int64), np.column_stack([1 - p, p]))


def test_worth_of_columns_points_the_right_way() -> None:
    """Columns that help have a positive worth for scores and for errors alike."""
    good, bad = rows(0.1, 1), rows(0.4, 2)
    for metric in ("roc_auc", "brier"):
        found = ablated(("a",), good, bad, metric, "binary", 0.95, 0)
        assert found.gain is not None
        assert found.gain.low is not None
        assert found.gain.low > 0


def test_more_rows_and_seeds_in_words() -> None:
    """A clear gain of the last doubling and a spread over seeds beyond the folds' error are said."""
    assert more_rows(rows(0.4, 1), rows(0.1, 2), "roc_auc", "binary", 0.95, 0).headline == "More rows would help"
    assert "hardly" in more_rows(rows(0.2, 1), rows(0.2, 1), "roc_auc", "binary", 0.95, 0).headline
    shaky, calm = seeds((0.8, 0.9), 0.01, "roc_auc"), seeds((0.9, 0.901), 0.01, "roc_auc")
    assert shaky is not None
    assert calm is not None
    assert (shaky.weight, calm.weight) == ("warn", "good")
    assert seeds((0.9,), 0.01, "roc_auc") is None


def test_joined_sides_keep_rows_in_order() -> None:
    """Folds put together keep truth, answers and groups row by row."""
    one = Side(np.array([0, 1]), np.array([0, 1]), np.eye(2), np.array([3, 4]))
    both = joined([one, one])
    assert both.y.tolist() == [0, 1, 0, 1]
    assert both.groups is not None
    assert both.groups.tolist() == [3, 4, 3, 4]
