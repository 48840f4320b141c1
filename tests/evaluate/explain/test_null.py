"""Where there is nothing to learn, nothing is claimed: luck passes gates no more often than the level allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from explain_models import shipped, shipped_as, signature, table, truth  # type: ignore[import-not-found]

from volvelle.evaluate.compare import better, difference
from volvelle.evaluate.evidence import Case, verdicts
from volvelle.evaluate.explain.importance import Question, importances
from volvelle.evaluate.explain.shipped import Shipped
from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import constant
from volvelle.model.signature import Feature, ModelTask, Signature

NAMES = ("a", "b", "c", "d")
KNOWN = Signature(
    features=tuple(Feature(name=n, kind="number") for n in NAMES),
    target="y",
    task="binary",
    classes=("no", "yes"),
    positive=1,
)
RUNS = 100


def null(seed: int, rows: int, share: float = 0.5) -> tuple[pl.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Numbers, and a target that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(rng.normal(size=(rows, 4)), schema=list(NAMES)), (rng.random(rows) < share).astype(np.int64)


def trained(seed: int, estimator: str = "logistic") -> Shipped:
    """A model of the null."""
    frame, y = null(seed, 80)
    model: Shipped = shipped_as(KNOWN, estimator, frame, y)
    return model


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_gates_are_not_passed_by_luck(level: float) -> None:
    """In 100 null runs, gates at the level of chance pass in at most the stated share; so does having learnt."""
    gates = ("roc_auc >= 0.5", "balanced_accuracy >= 0.5", "mcc >= 0")
    passed, claimed = np.zeros(len(gates)), 0
    for seed in range(RUNS):
        model = trained(seed)
        frame, y = null(seed + 1000, 150)
        side = model.side(model.encode(frame), y)
        case = Case(KNOWN, side, side, frame, (0.5, 0.5), "roc_auc", 1, 0.0, level=level, seed=seed, resamples=200)
        passed += [v.verdict == "pass" for v in verdicts(case, gates)]
        gain = difference("roc_auc", side, constant((0.5, 0.5), side, KNOWN), "binary", level=level, resamples=200)
        claimed += better("roc_auc", gain, "binary") is True
    assert (passed <= RUNS * (1 - level)).all(), passed
    assert claimed <= RUNS * (1 - level)


@pytest.mark.parametrize(
    ("task", "metric", "gate"),
    [
        ("binary", "roc_auc", "roc_auc >= 0.5"),
        ("multiclass", "balanced_accuracy", "balanced_accuracy >= 0.33334"),
        ("regression", "r2", "r2 >= 0"),
    ],
)
def test_the_best_of_several_is_not_passed_by_luck(task: ModelTask, metric: str, gate: str) -> None:
    """In 100 runs on a shuffled target the best of several candidates passes a gate at chance in at most 5."""
    linear: dict[str, Any] = {"estimator": "linear" if task == "regression" else "logistic"}
    trees = ({"estimator": "decision_tree", "depth": depth} for depth in (2, 8))
    tried, passed = (linear, *trees), 0
    for seed in range(RUNS):
        frame = table(260, seed)
        y = np.random.default_rng(seed).permutation(truth(frame, task, seed))
        models = [shipped(task=task, frame=frame[:80], y=y[:80], **settings) for settings in tried]
        scores = [value(metric, m.side(m.encode(frame[80:120]), y[80:120]), task) for m in models]
        best = models[int(np.argmax(scores))]
        side = best.side(best.encode(frame[120:]), y[120:])
        case = Case(signature(task), side, side, frame[120:], (), metric, 1, 0.0, seed=seed, resamples=200)
        passed += verdicts(case, (gate,))[0].verdict == "pass"
    assert passed <= 0.05 * RUNS, passed


@pytest.mark.parametrize("estimator", ["logistic", "decision_tree"])
def test_importance_straddles_zero(estimator: str) -> None:
    """Over 25 null models hardly any column's interval lies above 0: no more than the level allows."""
    above = []
    for seed in range(25):
        model = trained(seed, estimator)
        frame, y = null(seed + 2000, 200)
        inputs = model.encode(frame)
        found = importances(model, inputs, model.side(inputs, y), Question("roc_auc", "binary", seed=seed))
        above += [i.low is not None and i.low > 0 for i in found.importances]
    assert np.mean(above) <= 0.05
