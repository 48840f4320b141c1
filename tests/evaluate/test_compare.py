"""Two models on the same rows."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from volvelle.errors import InputError, SpecError
from volvelle.evaluate.compare import better, difference
from volvelle.evaluate.contract import Side
from volvelle.evaluate.measure import measure


def classifier(seed: int, shift: float, rows: int = 400) -> Side:
    """Scores whose noise is shared by all models of one seed; `shift` is what a model knows."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.4).astype(np.int64)
    p = 1 / (1 + np.exp(-(shift * y + rng.normal(size=rows) - shift / 2)))
    return Side(y=y, labels=(p > 0.5).astype(np.int64), scores=np.column_stack([1 - p, p]))


def regressor(y: NDArray[Any], spread: float, rng: np.random.Generator) -> Side:
    """A model with normal errors."""
    wrong = spread * rng.normal(size=len(y))
    return Side(y=y, labels=np.empty(0, dtype=np.int64), scores=(y + wrong).reshape(-1, 1))


def test_difference_is_that_of_the_metrics() -> None:
    """The value is metric of a minus metric of b, and turning the models round turns the sign."""
    a, b = classifier(0, 2.0), classifier(0, 1.5)
    for name in ("roc_auc", "f1", "log_loss", "accuracy"):
        one, two = (measure(name, side, "binary").value for side in (a, b))
        assert one is not None
        assert two is not None
        there, back = difference(name, a, b, "binary"), difference(name, b, a, "binary")
        assert there.value == pytest.approx(one - two)
        assert there.low is not None
        assert there.low == pytest.approx(-(back.high or 0.0))


def test_pairing_proves_what_two_intervals_do_not() -> None:
    """Two models whose own intervals overlap are told apart, because their rows are the same."""
    a, b = classifier(0, 2.0), classifier(0, 1.7)
    one, two = measure("roc_auc", a, "binary"), measure("roc_auc", b, "binary")
    assert one.low is not None
    assert two.high is not None
    assert one.low < two.high
    assert better("roc_auc", difference("roc_auc", a, b, "binary"), "binary") is True
    assert better("roc_auc", difference("roc_auc", b, a, "binary"), "binary") is False
    assert better("log_loss", difference("log_loss", a, b, "binary"), "binary") is True


def test_equal_models_do_not_differ() -> None:
    """A model compared with itself differs by exactly nothing, and is not better."""
    a = classifier(0, 2.0)
    found = difference("f1", a, a, "binary")
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert better("f1", found, "binary") is None


def test_false_alarms_are_rare() -> None:
    """Two models of equal skill and independent errors are told apart in at most 8 % of 300 samples."""
    alarms = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=80)
        a, b = (regressor(y, 1.0, rng) for _ in "ab")
        alarms += better("mae", difference("mae", a, b, "regression", resamples=300), "regression") is not None
    assert alarms <= 24


def test_groups_widen_the_difference() -> None:
    """Whole groups are resampled: rows that repeat each other add no certainty."""
    a, b = classifier(0, 2.0, 60), classifier(0, 1.0, 60)
    again = [
        Side(
            y=np.repeat(s.y, 10),
            labels=np.repeat(s.labels, 10),
            scores=np.repeat(s.scores, 10, axis=0),
            groups=np.repeat(np.arange(60), 10),
        )
        for s in (a, b)
    ]
    once, grouped = difference("log_loss", a, b, "binary"), difference("log_loss", again[0], again[1], "binary")
    assert grouped.value == pytest.approx(once.value)
    assert grouped.low == pytest.approx(once.low, abs=1e-9)


def test_a_metric_without_weights_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's metric that holds only `score` gets nearly the same paired interval."""

    def score(y: NDArray[Any], p: NDArray[Any]) -> float:
        return float(np.mean(np.abs(y - p))) if len(y) else float("nan")

    plain = types.SimpleNamespace(
        TASKS=("regression",), DIRECTION="down", RANGE=(0.0, 1e999), NEEDS="values", score=score
    )
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    a, b = (
        Side(y=y, labels=np.empty(0, dtype=np.int64), scores=(y + s * rng.normal(size=300))[:, None]) for s in (1, 2)
    )
    ours = difference("mae", a, b, "regression")
    monkeypatch.setattr("volvelle.evaluate.compare.bound", lambda name, side, task: plain)
    theirs = difference("mine", a, b, "regression")
    assert theirs.value == pytest.approx(ours.value)
    assert theirs.low == pytest.approx(ours.low, abs=0.04)
    assert theirs.high == pytest.approx(ours.high, abs=0.04)


def test_other_rows_are_refused() -> None:
    """Models measured on different rows cannot be paired, and a metric must fit the task."""
    with pytest.raises(InputError, match="not measured on the same rows"):
        difference("accuracy", classifier(0, 1.0), classifier(1, 1.0), "binary")
    with pytest.raises(SpecError, match="rmse does not fit a binary task"):
        difference("rmse", classifier(0, 1.0), classifier(0, 2.0), "binary")


def test_undefined_difference_has_no_value() -> None:
    """Where one model's metric is not defined there is no difference."""
    one = Side(y=np.ones(4, dtype=np.int64), labels=np.ones(4, dtype=np.int64), scores=np.full((4, 2), 0.5))
    found = difference("roc_auc", one, one, "binary")
    assert found.value is None
    assert found.note
