"""The fixed order of candidates."""

from __future__ import annotations

from collections.abc import Callable

from volvelle.train.contract import Choice, Float, Int, Settings, Space
from volvelle.train.learning import LOG_CHOICE, PAIRS_CHOICE
from volvelle.train.order import Plan, Point, every, grid, leaders, near_best, product, size, upcoming
from volvelle.train.records import Trial

SPACES: dict[str, Space] = {
    "a": {"n": Int(low=1, high=9, default=3)},
    "b": {"n": Int(low=1, high=9, default=3), "k": Choice(options=("x", "y"), default="x")},
    "dear": {"c": Float(low=0.1, high=10.0, default=1.0)},
}
PLAN = Plan(SPACES, {"a": ({"n": 5}, {"n": 7}), "b": ({"k": "y"},), "dear": ({"c": 2.0},)}, late=("dear",))


def walked(plan: Plan, scores: dict[str, float]) -> list[Point]:
    """All points of the fixed order, each scored by its estimator."""
    trials: list[Trial] = []
    while (point := upcoming(plan, trials, "auto", "up")) is not None:
        name, settings = point
        trials.append(Trial(number=len(trials), estimator=name, settings=settings, status="done", score=scores[name]))
    return [(t.estimator, t.settings) for t in trials]


def walked_by(plan: Plan, score: Callable[[Settings], float]) -> list[Settings]:
    """All settings of the fixed order, each scored by what they are."""
    trials: list[Trial] = []
    while (point := upcoming(plan, trials, "auto", "up")) is not None:
        name, settings = point
        trials.append(
            Trial(number=len(trials), estimator=name, settings=settings, status="done", score=score(settings))
        )
    return [t.settings for t in trials]


def test_defaults_then_two_entries_then_the_dear_in_between() -> None:
    """Cheap defaults, two entries by rank, then a dear default before each other; what is far behind has no more."""
    assert walked(PLAN, {"a": 0.6, "b": 0.9, "dear": 0.1}) == [
        ("a", {"n": 3}),
        ("b", {"n": 3, "k": "x"}),
        ("b", {"n": 3, "k": "y"}),
        ("a", {"n": 5}),
        ("dear", {"c": 1.0}),
        ("a", {"n": 7}),
    ]


def test_who_is_near_the_best() -> None:
    """Those behind by no more than a tenth of the way from the first trial, and the estimator of that one."""
    scores = {"constant": 0.0, "far": 0.89, "near": 0.91, "best": 1.0, "second": 0.99}
    trials = [
        Trial(number=n, estimator=name, settings={}, status="done", score=score)
        for n, (name, score) in enumerate(scores.items())
    ]
    assert near_best(trials, "up") == ["best", "second", "near", "constant"]
    assert near_best(trials[:2], "up") == ["far", "constant"]
    assert near_best([], "up") == []


def test_listed_candidates_are_all_there_is() -> None:
    """By hand, the listed candidates are tried in order and nothing else."""
    plan = PLAN._replace(listed=(("b", {"n": 1, "k": "y"}), ("a", {"n": 2})))
    first = upcoming(plan, (), "manual", "up")
    assert first == ("b", {"n": 1, "k": "y"})
    done = [Trial(number=n, estimator=e, settings=s, status="done", score=1.0) for n, (e, s) in enumerate(plan.listed)]
    assert upcoming(plan, done, "manual", "up") is None


def test_grid_goes_outwards() -> None:
    """A grid without a list begins with all defaults and changes one dimension at a time, then two."""
    points = list(grid({"b": SPACES["b"]}))
    assert points[0] == ("b", {"n": 3, "k": "x"})
    changed = [sum(settings[k] != points[0][1][k] for k in settings) for _, settings in points]
    assert changed == sorted(changed)
    assert len(points) == 6


def test_lists_are_multiplied_out() -> None:
    """Every combination of the lists of a grid's table stands once."""
    assert len(product({"n": [1, 2, 3], "k": ["x", "y"], "c": 1.0})) == 6


def test_small_spaces_are_counted() -> None:
    """The size of a space is the number of its points, infinite with a real dimension."""
    assert size(SPACES["b"]) == len(list(every(SPACES["b"]))) == 18
    assert size(SPACES["dear"]) == float("inf")


def test_leaders_are_the_best() -> None:
    """Leaders are ordered by their best trial in the direction of the metric."""
    trials = [
        Trial(number=n, estimator=e, settings={}, status="done", score=s)
        for n, (e, s) in enumerate([("a", 3.0), ("b", 1.0), ("dear", 2.0), ("b", 9.0)])
    ]
    assert leaders(trials, "up", 2) == ["b", "a"]
    assert leaders(trials, "down", 2) == ["b", "dear"]


def test_entries_follow_the_best_trial() -> None:
    """Entries come with features of two columns where the best trial has them, and first with its kind of target."""
    space: Space = {"n": Int(low=1, high=9, default=3), "pairs": PAIRS_CHOICE, "log_target": LOG_CHOICE}
    entries = ({"pairs": True}, {"log_target": True}, {"n": 5}, {"n": 5, "log_target": True})
    points = walked_by(Plan({"a": space}, {"a": entries}), lambda s: s["pairs"] + 2 * s["log_target"])
    plain = {"n": 3, "pairs": False, "log_target": False}
    assert points[:4] == [
        plain,
        plain | {"pairs": True},
        plain | {"pairs": True, "log_target": True},
        {"n": 5, "pairs": True, "log_target": True},
    ]
