"""Where yes begins."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.catalog import METRICS
from volvelle.evaluate.measure import fitting, load
from volvelle.evaluate.resample import counted
from volvelle.evaluate.threshold import Aim, best_for, for_aims, tables, thresholds

RNG = np.random.default_rng(5)
Y = (RNG.random(4000) < 0.1).astype(np.int64)
SCORES = np.clip(0.15 + 0.25 * Y + 0.1 * RNG.normal(size=4000), 0, 1).astype(np.float32)
ALL = np.ones(4000, dtype=np.bool_)


def test_counts_are_counts() -> None:
    """The table at every threshold is what counting row by row gives."""
    cuts = thresholds(SCORES)
    found = tables(Y, SCORES, cuts)
    for at in (0, 57, len(cuts) - 1):
        said = cuts[at] < SCORES
        assert found[at].tolist() == [[float(((t == Y) & (said == p)).sum()) for p in (False, True)] for t in (0, 1)]


def test_gates_move_the_threshold() -> None:
    """Where 0.5 misses recall, the threshold is moved to where both gates are met, on rows of their own."""
    aims = (Aim("recall >= 0.8", "recall", 0.8, ALL), Aim("precision >= 0.6", "precision", 0.6, ALL))
    cut = for_aims(aims, Y, SCORES, 1000)
    assert cut.threshold is not None
    assert cut.threshold < 0.45
    assert cut.inside > 0
    said = np.float32(cut.threshold) < SCORES
    assert cut.values["recall >= 0.8"] == pytest.approx(said[Y == 1].mean())
    assert cut.values["precision >= 0.6"] == pytest.approx(Y[said].mean())
    assert (SCORES[Y == 1] > 0.5).mean() < 0.8


def test_half_stays_where_it_is_far_inside() -> None:
    """A gate that 0.5 meets by a wide margin moves nothing."""
    assert for_aims((Aim("recall >= 0.01", "recall", 0.01, ALL),), Y, SCORES, 2000).threshold is None


def test_a_ceiling_on_costs_moves_the_threshold() -> None:
    """A missed positive that costs twenty false alarms lowers the threshold, and the cost with it."""
    given = {"costs": [[0, 1], [20, 0]]}
    cut = for_aims((Aim("cost", "cost", 0.5, ALL, given),), Y, SCORES, 1000)

    def cost(threshold: float) -> float:
        said = np.float32(threshold) < SCORES
        return float(np.mean(20 * (~said & (Y == 1)) + (said & (Y == 0))))

    assert cut.threshold is not None
    assert cut.threshold < 0.4
    assert cut.inside > 0
    assert cut.values["cost"] == pytest.approx(cost(cut.threshold))
    assert cost(cut.threshold) < 0.5 < cost(0.5)


def test_costs_of_one_are_an_error_rate() -> None:
    """A ceiling on the share of wrong answers is met as the floor on the right ones is."""
    right = for_aims((Aim("accuracy", "accuracy", 0.93, ALL),), Y, SCORES, 1000)
    for given in ({}, {"costs": [[0, 1], [1, 0]]}):
        wrong = for_aims((Aim("cost", "cost", 0.07, ALL, given),), Y, SCORES, 1000)
        assert wrong.threshold == right.threshold
        assert wrong.inside == pytest.approx(right.inside)


def test_equal_costs_move_nothing() -> None:
    """Where every answer costs the same no threshold is better than another."""
    same = {"costs": [[1, 1], [1, 1]]}
    assert for_aims((Aim("cost", "cost", 2.0, ALL, same),), Y, SCORES, 1000).threshold is None


def test_an_aim_is_about_its_rows() -> None:
    """A gate on a slice is counted in that slice alone."""
    half = np.arange(4000) < 2000
    cut = for_aims((Aim("recall where a = 1 >= 0.9", "recall", 0.9, half),), Y, SCORES, 1000)
    assert cut.threshold is not None
    said = SCORES[half] > np.float32(cut.threshold)
    assert cut.values["recall where a = 1 >= 0.9"] == pytest.approx(said[Y[half] == 1].mean())


def test_best_f1() -> None:
    """No threshold that was looked at has a higher F1 than the one found."""
    found = best_for("f1", Y, SCORES)
    assert found.threshold is not None

    def f1(cut: float) -> float:
        said = np.float32(cut) < SCORES
        return float(2 * (said & (Y == 1)).sum() / (said.sum() + (Y == 1).sum()))

    assert f1(found.threshold) == pytest.approx(found.values["f1"])
    assert f1(found.threshold) >= max(f1(float(c)) for c in thresholds(SCORES)) - 1e-12


def test_what_is_not_defined_is_left_out() -> None:
    """Of one score for all rows, as a constant gives it, no cut says yes where 0.5 does not: there is no precision."""
    flat = np.full(4000, 0.1, dtype=np.float32)
    aims = (Aim("recall >= 0.8", "recall", 0.8, ALL), Aim("precision >= 0.6", "precision", 0.6, ALL))
    assert all(np.isfinite(v) for v in for_aims(aims, Y, flat, 1000).values.values())
    assert all(np.isfinite(v) for v in best_for("precision", np.zeros(4000, np.int64), flat).values.values())


@pytest.mark.parametrize("metric", [name for name in fitting("binary") if counted(load(name, "binary"))])
def test_how_far_inside_is_counted_in_standard_errors(metric: str) -> None:
    """Of every metric of labels the distance of 0.5 to a bound is that over its spread on rows that are drawn again."""
    measure, at = METRICS.load(metric), np.array([0.3], dtype=np.float32)
    value = float(measure.of_counts(tables(Y, SCORES, at))[0])
    up = METRICS.fact(metric, "DIRECTION") == "up"
    # Every score moved, so that the one cut is 0.5; a bound just outside.
    scores = np.where(SCORES > 0.3, 0.9, 0.1).astype(np.float32)
    cut = for_aims((Aim(metric, metric, value - (0.1 if up else -0.1), ALL),), Y, scores, 4000)
    again = RNG.integers(0, 4000, (2000, 4000))
    spread = np.std([measure.of_counts(tables(Y[r], SCORES[r], at))[0] for r in again])
    assert cut.inside == pytest.approx(0.1 / spread, rel=0.12)


def test_few_positives_decide_about_balanced_accuracy() -> None:
    """A mean over classes is as unsure as its smallest class: the threshold goes where both are well inside."""
    aims = (Aim("balanced_accuracy", "balanced_accuracy", 0.75, ALL), Aim("precision", "precision", 0.2, ALL))
    rng = np.random.default_rng(6)
    y = (np.arange(4000) < 80).astype(np.int64)
    scores = np.clip(0.2 + 0.3 * y + 0.15 * rng.normal(size=4000), 0, 1).astype(np.float32)
    cut = for_aims(aims, y, scores, 1000)
    assert cut.threshold is not None
    assert cut.values["balanced_accuracy"] > 0.8
