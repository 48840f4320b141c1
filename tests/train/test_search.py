"""The search loop, with objectives that cost nothing."""

from __future__ import annotations

import time
from typing import Any, Literal

import pytest

from volvelle.errors import InputError, OutOfTime
from volvelle.train.contract import Choice, Float, Int, Settings, Space
from volvelle.train.order import Plan
from volvelle.train.records import Searched, Trial
from volvelle.train.search import Goal, GoesOn, Objective, Outcome, search

SPACES: dict[str, Space] = {
    "plain": {},
    "curve": {"x": Float(low=-5.0, high=5.0, default=4.0), "n": Int(low=1, high=9, default=9)},
    "rate": {"r": Float(low=1e-4, high=1.0, default=0.5, log=True), "kind": Choice(options=("a", "b"), default="a")},
}


PLAN = Plan(SPACES)


def scored(score: float, spread: float = 0.0) -> Outcome:
    """Three folds around a score."""
    return Outcome((score - spread, score, score + spread), {}, 0.0, 0.0, "")


def goal(
    trials: int | None = 12,
    *,
    budget: float = 60.0,
    method: Literal["auto", "random"] = "auto",
    direction: Literal["up", "down"] = "down",
    seed: int = 1,
) -> Goal:
    """A goal of one metric."""
    return Goal("rmse", direction, budget, trials, method, seed, 3)


def curve(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
    """Least at x = 1, n = 3 of the curve."""
    if estimator == "plain":
        return scored(50.0, 0.0)
    if estimator == "rate":
        return scored(20.0 + settings["r"], 0.1)
    return scored((settings["x"] - 1) ** 2 + abs(settings["n"] - 3), 0.1)


def plainly(found: Searched) -> list[tuple[Any, ...]]:
    """Trials without their seconds."""
    return [(t.number, t.estimator, t.settings, t.status, t.score, t.note) for t in found.trials]


def test_defaults_come_first_in_the_order_given() -> None:
    """Each estimator's defaults are tried once, in order, before anything else."""
    found = search(PLAN, curve, goal(5))
    assert [(t.estimator, t.settings) for t in found.trials[:3]] == [
        ("plain", {}),
        ("curve", {"x": 4.0, "n": 9}),
        ("rate", {"r": 0.5, "kind": "a"}),
    ]
    assert [t.number for t in found.trials] == list(range(5))


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_best_is_best(direction: Literal["up", "down"]) -> None:
    """The best trial has the highest score, or the lowest where less is better."""
    found = search(PLAN, curve, goal(direction=direction))
    scores = [t.score for t in found.trials if t.score is not None]
    best = next(t for t in found.trials if t.number == found.best)
    assert best.score == (max(scores) if direction == "up" else min(scores))


def test_of_equals_the_earlier_is_best() -> None:
    """Where all candidates score the same, the first and cheapest is taken."""
    assert search(PLAN, lambda *_: scored(1.0, 0.0), goal()).best == 0


@pytest.mark.parametrize("method", ["auto", "random"])
@pytest.mark.parametrize("stop", [1, 2, 4, 7, 11])
def test_resumed_is_uninterrupted(method: Literal["auto", "random"], stop: int) -> None:
    """A search that goes on after any number of trials tries exactly what it would have tried."""
    whole = search(PLAN, curve, goal(method=method))
    again = search(PLAN, curve, goal(method=method), finished=whole.trials[:stop])
    assert plainly(again) == plainly(whole)


def test_seed_decides() -> None:
    """The same seed proposes the same points, another seed others."""
    first, second, other = (search(PLAN, curve, goal(seed=s)) for s in (1, 1, 2))
    assert plainly(first) == plainly(second)
    assert plainly(first) != plainly(other)


def test_nothing_is_tried_twice() -> None:
    """No point occurs twice among the trials."""
    found = search(PLAN, curve, goal(30))
    points = [(t.estimator, tuple(sorted(t.settings.items()))) for t in found.trials]
    assert len(set(points)) == len(points) == 30


def test_small_spaces_are_exhausted() -> None:
    """A space of six points is tried to its last point, and then the search ends by itself."""
    space: Space = {"a": Int(low=1, high=3, default=1), "b": Choice(options=(True, False), default=True)}
    found = search(Plan({"few": space, "none": {}}), lambda n, s, *_: scored(float(s.get("a", 0)), 0.0), goal(100))
    assert len(found.trials) == 7
    assert {(t.settings["a"], t.settings["b"]) for t in found.trials if t.estimator == "few"} == {
        (a, b) for a in (1, 2, 3) for b in (True, False)
    }


def test_an_exhausted_estimator_does_not_end_the_search() -> None:
    """When one estimator has no point left, the others go on until the trials are spent."""
    spaces: dict[str, Space] = {"few": {"a": Choice(options=(1, 2), default=1)}, "curve": SPACES["curve"]}
    found = search(Plan(spaces), lambda n, s, *_: scored(0.0 if n == "few" else 9.0, 0.0), goal(40))
    assert len(found.trials) == 40
    assert sum(t.estimator == "few" for t in found.trials) == 2


def test_failed_trials_are_kept_and_passed_over() -> None:
    """A candidate that cannot be trained, or scores no number, is noted with its reason and never the best."""

    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        if estimator == "plain":
            raise InputError("too many columns\nsecond line")
        return scored(float("nan"), 0.0) if estimator == "rate" else curve(estimator, settings, left, goes_on)

    found = search(PLAN, objective, goal(8))
    first, _, third = found.trials[:3]
    assert (first.status, first.note, first.score) == ("failed", "too many columns", None)
    assert (third.status, third.note) == ("failed", "the metric is not defined on its predictions")
    assert {t.estimator for t in found.trials[3:]} == {"curve"}
    assert found.trials[found.best].estimator == "curve"


def test_nothing_can_be_trained() -> None:
    """If every candidate fails, the error names why."""

    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        raise InputError("only one class")

    with pytest.raises(InputError, match="none of 3 candidates could be trained: curve: only one class"):
        search(PLAN, objective, goal(8))


def test_our_own_mistakes_are_not_swallowed() -> None:
    """An error that is no Volvelle error stops the search: it is a bug, not a bad candidate."""

    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        search(PLAN, objective, goal(8))


def _slow(seconds: float) -> Objective:
    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        if left is not None and left < seconds:
            time.sleep(max(0.0, left))
            raise OutOfTime("the time budget ended")
        time.sleep(seconds)
        return curve(estimator, settings, left, goes_on)

    return objective


def test_the_budget_is_kept() -> None:
    """Every candidate after the first is told what is left, ever less, and the one that meets the end is the last."""
    asked: list[float] = []

    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        asked.append(1.0 if left is None else left)
        if len(asked) == 6:
            time.sleep(asked[-1])
            raise OutOfTime("the time budget ended")
        return _slow(0.02)(estimator, settings, left, goes_on)

    found = search(PLAN, objective, goal(None, budget=1.0))
    assert asked == sorted(asked, reverse=True)
    assert [t.status for t in found.trials] == ["done"] * 5 + ["out of time"]
    assert found.trials[-1].score is None


def test_what_cannot_be_done_in_time_leaves_its_time_to_others() -> None:
    """A candidate that is broken off long before the end is stopped, and the search goes on with others."""

    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        if estimator == "curve":
            raise OutOfTime("its folds take too long")
        return _slow(0.02)(estimator, settings, left, goes_on)

    found = search(PLAN, objective, goal(None, budget=0.5))
    curves = [t for t in found.trials if t.estimator == "curve"]
    assert [t.status for t in curves] == ["stopped"]
    assert "would not be done" in curves[0].note
    assert found.trials[-1].number > curves[0].number


def test_what_does_not_fit_is_not_begun() -> None:
    """A search ends by itself when no estimator's defaults took less than what is left."""
    finished = tuple(
        Trial(number=n, estimator=e, settings={}, status="done", score=1.0, seconds=30.0)
        for n, e in enumerate(("plain", "curve", "rate"))
    )
    assert len(search(PLAN, curve, goal(None, budget=100.0), finished=finished).trials) == 3


def test_the_first_candidate_may_overrun() -> None:
    """Until one candidate stands there is no deadline, so the smallest budget still gives a model."""
    asked: list[float | None] = []

    def objective(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        asked.append(left)
        return _slow(0.1)(estimator, settings, left, goes_on)

    found = search(PLAN, objective, goal(None, budget=0.01))
    assert asked == [None]
    assert found.best == 0


def test_seconds_before_an_interrupt_count() -> None:
    """A resumed search has only what is left of its budget, and repeats the trial that had met the end."""
    done = Trial(number=0, estimator="plain", settings={}, status="done", score=1.0, seconds=50.0)
    late = Trial(number=1, estimator="curve", settings={}, status="out of time", seconds=1.0)
    found = search(PLAN, curve, goal(None, budget=50.0), finished=(done, late))
    assert [t.number for t in found.trials] == [0]
    assert found.spent >= 50.0


def test_progress_is_told() -> None:
    """Each new trial is told with the best so far; finished ones are not told again."""
    told: list[tuple[int, int | None]] = []
    whole = search(PLAN, curve, goal(6))
    search(
        PLAN,
        curve,
        goal(6),
        finished=whole.trials[:2],
        notify=lambda trial, best: told.append((trial.number, best.number if best else None)),
    )
    assert [number for number, _ in told] == [2, 3, 4, 5]
    assert told[-1][1] == whole.best


def test_tpe_beats_random_search() -> None:
    """On a smooth curve the best of 40 trials is nearer to the optimum with TPE than at random, for most seeds."""
    space: dict[str, Space] = {
        "curve": {"x": Float(low=-5.0, high=5.0, default=4.0), "y": Float(low=-5.0, high=5.0, default=4.0)}
    }

    def bowl(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        return scored((settings["x"] - 1) ** 2 + (settings["y"] + 2) ** 2, 0.0)

    def best(method: Literal["auto", "random"], seed: int) -> float:
        found = search(Plan(space), bowl, goal(40, method=method, seed=seed))
        return float(found.trials[found.best].score or 0.0)

    wins = sum(best("auto", seed) < best("random", seed) for seed in range(5))
    assert wins >= 4


def fitting(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
    """The curve, on a device that has no room for x below 2, nor for the better rate."""
    if estimator == "plain":
        return scored(50.0, 0.1)._replace(fits=True)
    whole = scored(-9.0, 0.1) if estimator == "rate" else curve(estimator, settings, left, goes_on)
    fits = estimator == "curve" and settings["x"] >= 2
    for fold in range(1, 3):
        if not goes_on(whole.scores[:fold], fits):
            return whole._replace(scores=whole.scores[:fold], fits=fits)
    return whole._replace(fits=fits, predictions="kept")


def test_what_does_not_fit_is_measured_once_and_never_wins() -> None:
    """A candidate that does not fit is whole once for each estimator, stops after a fold later, and is not the best."""
    found = search(PLAN, fitting, goal(40))
    best = found.trials[found.best]
    assert best.fits is True
    assert best.settings["x"] >= 2
    outside = [t for t in found.trials if t.fits is False]
    assert len(outside) > 1
    first = {t.estimator: t.number for t in reversed(outside)}
    assert all(len(t.fold_scores) == 1 for t in outside if first[t.estimator] != t.number)
    assert any("does not fit the device" in t.note for t in outside)
    rate = next(t for t in found.trials if t.estimator == "rate")
    assert (rate.fits, rate.status) == (False, "done"), "the first of its estimator tells what the budget costs"
    inside_ = [t for t in found.trials if t.fits and t.status == "done"]
    assert best.score == min(t.score for t in inside_ if t.score is not None)


def test_a_study_takes_the_place_of_the_portfolio() -> None:
    """Once an estimator's first trial is there, its entries are those of the study, and proposals are held."""

    def study(trials: Any) -> dict[str, tuple[Settings, ...]]:
        return {"curve": ({"x": 2.5},)} if any(t.estimator == "curve" for t in trials) else {}

    def held(point: Any, trials: Any) -> Any:
        return point[0], point[1] | ({"x": max(2.0, point[1]["x"])} if "x" in point[1] else {})

    narrow: dict[str, Space] = {
        "curve": {"x": Float(low=0.0, high=3.0, default=2.0), "n": Int(low=1, high=9, default=9)}
    }
    plan = Plan(SPACES, {"curve": ({"x": -4.0},)}, narrow=narrow, study=study, held=held)
    found = search(plan, fitting, goal(14))
    tried = [t.settings["x"] for t in found.trials if t.estimator == "curve"]
    assert tried[:2] == [4.0, 2.5]
    assert -4.0 not in tried
    assert all(2.0 <= x <= 3.0 for x in tried[1:])
