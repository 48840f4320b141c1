"""Metrics that take parameters from [require], and the new metrics against other implementations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as oracle

from volvelle.catalog import METRICS
from volvelle.errors import SpecError
from volvelle.evaluate.compare import difference
from volvelle.evaluate.contract import Side
from volvelle.evaluate.measure import bound, given, measure, value
from volvelle.evaluate.sides import part
from volvelle.spec.read import parse
from volvelle.spec.requirements import Require
from volvelle.testing.check_metric import check_metric

NEW = ("cost", "ece", "mape", "pinball", "quadratic_weighted_kappa", "top_k")


@pytest.mark.parametrize("name", NEW)
def test_new_metrics_keep_the_contract(name: str) -> None:
    """Each of the new files passes the kit that third parties use."""
    check_metric(METRICS.load(name))


def classes(seed: int, k: int = 4, rows: int = 300) -> Side:
    """A side of k classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, rows)
    raw = rng.dirichlet(np.ones(k), rows) + 0.5 * np.eye(k)[y]
    scores = raw / raw.sum(axis=1, keepdims=True)
    return Side(y, scores.argmax(axis=1), scores)


def test_against_scikit_learn() -> None:
    """Kappa, top-k, pinball and MAPE equal scikit-learn's."""
    side = classes(0)
    kappa = oracle.cohen_kappa_score(side.y, side.labels, weights="quadratic")
    assert value("quadratic_weighted_kappa", side, "multiclass") == pytest.approx(kappa)
    for k in (1, 2, 3):
        given_k = Side(side.y, side.labels, side.scores, given={"top_k": k})
        expected = oracle.top_k_accuracy_score(side.y, side.scores, k=k)
        assert value("top_k", given_k, "multiclass") == pytest.approx(expected)
    rng = np.random.default_rng(1)
    y = rng.normal(10, 2, 200)
    p = y + rng.normal(0, 1, 200)
    for quantile in (0.1, 0.5, 0.9):
        values = Side(y, np.empty(0, dtype=np.int64), p[:, None], given={"quantile": quantile})
        expected = oracle.mean_pinball_loss(y, p, alpha=quantile)
        assert value("pinball", values, "regression") == pytest.approx(expected)
    assert METRICS.load("mape").score(y, p) == pytest.approx(oracle.mean_absolute_percentage_error(y, p))


def test_ece_by_its_definition() -> None:
    """ECE is the mean distance of bins counted one by one."""
    side = classes(3, k=2)
    said, true = side.scores[:, 1], side.y
    total = 0.0
    for low in np.arange(15) / 15:
        here = (said >= low) & (said < low + 1 / 15)
        total += abs(said[here].sum() - true[here].sum()) / len(said)
    assert value("ece", side, "binary") == pytest.approx(total)


def test_costs_ride_with_the_side() -> None:
    """The matrix changes value, interval, slices and comparison alike; without it a mistake costs 1."""
    costs = ((0.0, 1.0), (20.0, 0.0))
    plain = classes(5, k=2)
    side = Side(plain.y, plain.labels, plain.scores, given={"costs": costs})
    misses = int(((side.y == 1) & (side.labels == 0)).sum())
    alarms = int(((side.y == 0) & (side.labels == 1)).sum())
    assert value("cost", side, "binary") == pytest.approx((20 * misses + alarms) / 300)
    assert value("cost", plain, "binary") == pytest.approx((misses + alarms) / 300)
    found = measure("cost", side, "binary")
    assert found.low is not None
    assert found.high is not None
    assert found.low < (found.value or 0.0) < found.high
    few = part(side, side.y == 1)
    assert value("cost", few, "binary") == pytest.approx(20 * misses / len(few.y))
    assert difference("cost", side, side, "binary").value == 0.0
    with pytest.raises(SpecError, match="matrix has 2 rows"):
        bound("cost", Side(*(lambda s: (s.y, s.labels, s.scores))(classes(0)), given={"costs": costs}), "multiclass")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("costs = [[0, 1], [20]]", "no square"),
        ("costs = [[0, -1], [20, 0]]", "from 0 on"),
        ("costs = [[0, 0], [0, 0]]", "not all 0"),
        ("costs = [[1]]", "no square"),
        ("quantile = 1.5", "quantile"),
        ("top_k = 0", "top_k"),
    ],
)
def test_nonsense_is_refused(line: str, problem: str, tmp_path: Path) -> None:
    """A matrix that is none, a quantile outside of 0 to 1 and naming no class are refused with their line."""
    with pytest.raises(SpecError, match=problem):
        parse(f'[problem]\ntarget = "y"\n[data]\nsource = "a.csv"\n[require]\n{line}\n')


def test_only_what_is_stated_is_given() -> None:
    """A spec that states no parameter leaves every metric its own defaults."""
    assert given(Require()) == {}
    assert given(Require(top_k=2, costs=((0.0, 1.0), (1.0, 0.0)))) == {"top_k": 2, "costs": ((0.0, 1.0), (1.0, 0.0))}
