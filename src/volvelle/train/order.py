"""Which candidates are tried before any are proposed: defaults, portfolio, grid, or a list by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from volvelle.train.contract import Choice, Float, Int, Settings, Space, defaults
from volvelle.train.records import Trial

Point = tuple[str, Settings]
"""Estimator and settings."""
REACH = 0.1
"""Only estimators within this share of the way from the first trial to the best have their portfolio tried."""
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
    entries = [
        (place + AHEAD * rank, (name, defaults(plan.spaces[name]) | dict(settings)))
        for rank, name in enumerate(near_best(trials, direction) if method == "auto" else ())
        for place, settings in enumerate(plan.portfolio.get(name, ()))
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
    """The estimators with the best scores, best first."""
    sign = -1 if direction == "up" else 1
    scored = sorted((t for t in trials if t.score is not None), key=lambda t: (sign * float(t.score or 0), t.number))
    return list(dict.fromkeys(t.estimator for t in scored))[:count]


def near_best(trials: Sequence[Trial], direction: str) -> list[str]:
    """The estimators whose best trial is not far behind the best of all, best first."""
    sign = 1 if direction == "up" else -1
    scored = [(t.estimator, sign * float(t.score)) for t in trials if t.score is not None]
    if not scored:
        return []
    best = {name: max(score for n, score in scored if n == name) for name, _ in scored}
    top = max(best.values())
    return [n for n in leaders(trials, direction, len(best)) if top - best[n] <= REACH * abs(top - scored[0][1])]


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
