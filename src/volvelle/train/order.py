"""Which candidates are tried before any are proposed: defaults, portfolio, grid, or a list by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from volvelle.train.contract import Choice, Float, Int, Settings, Space, defaults
from volvelle.train.learning import LOG_TARGET, PAIRS
from volvelle.train.records import Trial

Point = tuple[str, Settings]
"""Estimator and settings."""
REACH = 0.1
"""Only estimators within this share of the way from the first trial to the best have their portfolio tried; that of
the first trial has, too, as it cannot be told how near it is."""
AHEAD = 2
"""So many entries of an estimator come before the first one of the next in rank, and before the first dear default."""


class Plan(NamedTuple):
    """What a search walks."""

    spaces: Mapping[str, Space]
    """Estimator to its space, cheapest first."""
    portfolio: Mapping[str, tuple[Settings, ...]] = {}
    """Estimator to settings that often win, in the order to try them."""
    listed: tuple[Point, ...] = ()
    """Candidates named in the spec."""
    late: tuple[str, ...] = ()
    """Dear estimators, whose defaults wait for the first portfolio entries and then come in between the others."""
    narrow: Mapping[str, Space] = {}
    """Under a budget, the spaces that proposals for an estimator of the study come from."""
    study: Callable[[Sequence[Trial]], Mapping[str, tuple[Settings, ...]]] = lambda trials: {}
    """Under a budget, the entries that take the place of an estimator's portfolio, once its first trial tells what a
    model of it takes."""
    held: Callable[[Point, Sequence[Trial]], Point] = lambda point, trials: point
    """A proposal, brought inside the budget."""
    student: Callable[[Sequence[Trial]], Point | None] = lambda trials: None
    """Under a budget, the candidate that learns from others and is due."""


def key(point: Point) -> bytes:
    """Equal for equal points."""
    return msgspec.json.encode([point[0], sorted(point[1].items())])


def upcoming(
    plan: Plan, trials: Sequence[Trial], method: Literal["auto", "random", "grid", "manual"], direction: str
) -> Point | None:
    """The next candidate of the fixed order that was not tried; None when the order is at its end."""
    seen = {key((t.estimator, t.settings)) for t in trials}
    if method in ("grid", "manual"):
        points = iter(plan.listed) if plan.listed else grid(plan.spaces)
        return next((p for p in points if key(p) not in seen), None)
    tried = {t.estimator for t in trials}
    early = [n for n in plan.spaces if n not in plan.late and n not in tried]
    if early:
        return early[0], defaults(plan.spaces[early[0]])
    study = plan.study(trials) if method == "auto" else {}
    ranked = near_best(trials, direction) if method == "auto" else []
    # How far behind an estimator is says little before it was tried within the budget.
    ranked += [n for n in leaders(trials, direction, len(trials)) if n in study and n not in ranked]
    portfolio = {**plan.portfolio, **study}
    entries = [
        (place + AHEAD * rank, (name, defaults(plan.spaces[name]) | dict(settings)))
        for rank, name in enumerate(ranked)
        for place, settings in enumerate(_alike(portfolio.get(name, ()), name, trials, direction))
        if name in plan.spaces
    ]
    # The ranks change with every trial, so the place of the next entry is counted by how many are done.
    done = sum(key(entry) in seen for _, entry in entries)
    fresh = sorted((e for e in entries if key(e[1]) not in seen), key=lambda e: e[0])
    late = [n for n in plan.late if n in plan.spaces and n not in tried]
    if late and (not fresh or done >= AHEAD + sum(n in tried for n in plan.late)):
        return late[0], defaults(plan.spaces[late[0]])
    return fresh[0][1] if fresh else None


def leaders(trials: Sequence[Trial], direction: str, count: int) -> list[str]:
    """The estimators with the best scores, best first, those with a trial that fits the device before the others."""
    sign = -1 if direction == "up" else 1
    scored = sorted(
        (t for t in trials if t.score is not None),
        key=lambda t: (t.fits is False, sign * float(t.score or 0), t.number),
    )
    return list(dict.fromkeys(t.estimator for t in scored))[:count]


def _alike(entries: Sequence[Settings], name: str, trials: Sequence[Trial], direction: str) -> list[Settings]:
    """Entries in the light of the estimator's best trial: with features of two columns where it has them.

    Of entries that are there with the logarithm of the target and without, first those that it is like, once one with
    the logarithm was tried.
    """
    sign = 1 if direction == "up" else -1
    mine = [t for t in trials if t.estimator == name and t.score is not None]
    best = max(mine, key=lambda t: sign * float(t.score or 0.0)).settings
    given = [{PAIRS: True, **settings} if best.get(PAIRS) else dict(settings) for settings in entries]
    if not any(t.settings.get(LOG_TARGET) for t in mine):
        return given
    return sorted(given, key=lambda settings: settings.get(LOG_TARGET, False) != best.get(LOG_TARGET, False))


def near_best(trials: Sequence[Trial], direction: str) -> list[str]:
    """The estimators whose best trial is not far behind the best of all, best first."""
    sign = 1 if direction == "up" else -1
    scored = [(t.estimator, sign * float(t.score)) for t in trials if t.score is not None]
    if not scored:
        return []
    best = {name: max(score for n, score in scored if n == name) for name, _ in scored}
    top = max(best.values())
    ranked = leaders(trials, direction, len(best))
    first, score = scored[0]
    return [n for n in ranked if n == first or top - best[n] <= REACH * abs(top - score)]


def grid(spaces: Mapping[str, Space]) -> Iterator[Point]:
    """All defaults, then all points that differ from them in one dimension, then in two, and so on.

    A number takes its low end, default and high end; a choice takes each option.

    >>> from volvelle.train.contract import Int
    >>> [s["depth"] for _, s in grid({"tree": {"depth": Int(low=1, high=9, default=3)}})]
    [3, 1, 9]
    """
    for changed in range(max((len(s) for s in spaces.values()), default=0) + 1):
        for name, space in spaces.items():
            for dimensions in itertools.combinations(space, changed):
                others = [_others(space[d]) for d in dimensions]
                for values in itertools.product(*others):
                    yield name, defaults(space) | dict(zip(dimensions, values, strict=True))


def inside(value: Any, dimension: Float | Int | Choice) -> bool:
    """Whether a dimension has a value.

    >>> inside(3, Int(low=1, high=9, default=2)), inside("a", Choice(options=("b",), default="b"))
    (True, False)
    """
    if isinstance(dimension, Choice):
        return value in dimension.options
    return isinstance(value, (int, float)) and dimension.low <= value <= dimension.high


def size(space: Space) -> float:
    """How many points a space has."""
    return math.prod(
        math.inf if isinstance(d, Float) else d.high - d.low + 1 if isinstance(d, Int) else len(set(d.options))
        for d in space.values()
    )


def every(space: Space) -> Iterator[Settings]:
    """Every point of a space without real dimensions."""
    values = [
        range(d.low, d.high + 1) if isinstance(d, Int) else d.options if isinstance(d, Choice) else ()
        for d in space.values()
    ]
    return (dict(zip(space, point, strict=True)) for point in itertools.product(*values))


def product(settings: Mapping[str, Any]) -> list[Settings]:
    """Every combination of the values in lists.

    >>> product({"leaves": [7, 31], "l2": 1.0})
    [{'leaves': 7, 'l2': 1.0}, {'leaves': 31, 'l2': 1.0}]
    """
    choices = [v if isinstance(v, (list, tuple)) else [v] for v in settings.values()]
    return [dict(zip(settings, values, strict=True)) for values in itertools.product(*choices)]


def _others(dimension: Any) -> list[Any]:
    ends = dimension.options if isinstance(dimension, Choice) else (dimension.low, dimension.high)
    return [v for v in dict.fromkeys(ends) if v != dimension.default]
