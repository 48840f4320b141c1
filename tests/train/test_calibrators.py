"""Calibrators by hand and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from volvelle.catalog import CALIBRATORS
from volvelle.train.calibrators import isotonic, platt, temperature


def two(p: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scores of two classes."""
    return np.column_stack([1 - p, p]).astype(np.float32)


LISTS = some.lists(
    some.tuples(some.integers(0, 1000).map(lambda k: k / 1000), some.integers(0, 1)), min_size=4, max_size=60
)


@settings(deadline=None)
@given(LISTS)
def test_no_calibrator_of_two_classes_turns_an_order_round(rows: list[tuple[float, int]]) -> None:
    """Where it can be fitted at all, a higher score never gets a lower probability, and all lie between 0 and 1."""
    scores, y = two(np.array([p for p, _ in rows])), np.array([t for _, t in rows])
    for name in CALIBRATORS.names():
        method = CALIBRATORS.load(name)
        params = method.fit(scores, y)
        if params is None:
            continue
        made = method.apply(params, scores[np.argsort(scores[:, 1], kind="stable")])
        assert (np.diff(made[:, 1]) >= -1e-7).all()
        assert made.min() >= 0
        assert made.max() <= 1


@settings(deadline=None)
@given(LISTS)
def test_isotonic_steps_are_the_best_rising_ones(rows: list[tuple[float, int]]) -> None:
    """Pooling gives the least squares of all rising fits: scikit-learn's own, up to the edges kept from 0 and 1."""
    p, y = np.array([s for s, _ in rows], dtype=np.float32), np.array([t for _, t in rows])
    params = isotonic.fit(two(p.astype(np.float64)), y)
    column = two(p.astype(np.float64))[:, 1]
    theirs = IsotonicRegression().fit(column, y).predict(column)
    if params is None:
        assert np.ptp(theirs) < 1e-9
        return
    mine = isotonic.apply(params, two(p.astype(np.float64)))[:, 1]
    edge = 1 / (len(y) + 2)
    assert np.allclose(mine, np.clip(theirs, edge, 1 - edge), atol=1e-6)


def test_platt_finds_the_line() -> None:
    """Scores made by a known line through the log-odds are turned back to what they came from."""
    rng = np.random.default_rng(1)
    odds = rng.normal(size=40_000)
    y = (rng.random(len(odds)) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    params = platt.fit(two(1 / (1 + np.exp(-(3 * odds + 1)))), y)
    assert params is not None
    assert params["slope"] == pytest.approx(1 / 3, abs=0.02)
    assert params["intercept"] == pytest.approx(-1 / 3, abs=0.03)


def test_platt_gives_up_on_scores_that_fall() -> None:
    """Where high scores come true less often nothing is turned round."""
    p = np.linspace(0.05, 0.95, 200)
    assert platt.fit(two(p), (p < 0.5).astype(np.int64)) is None


def test_perfect_scores_stay_finite() -> None:
    """Rows that are told apart without a mistake get probabilities short of 0 and 1."""
    scores, y = two(np.repeat([0.0, 1.0], 50)), np.repeat([0, 1], 50)
    for method in (platt, isotonic):
        params = method.fit(scores, y)
        assert params is not None
        made = method.apply(params, scores)
        assert 0 < made.min() < 0.05


@pytest.mark.parametrize("true", [0.5, 1.0, 2.0])
def test_temperature_is_found(true: float) -> None:
    """Honest probabilities raised to a power are brought back by its value as a temperature."""
    rng = np.random.default_rng(2)
    honest = rng.dirichlet(np.ones(3), 20_000)
    y = (honest.cumsum(axis=1) < rng.random((len(honest), 1))).sum(axis=1)
    raised = honest**true
    params = temperature.fit((raised / raised.sum(axis=1, keepdims=True)).astype(np.float32), y)
    assert params is not None
    assert params["temperature"] == pytest.approx(true, rel=0.05)
