"""Does a file hold a proper drift test? `check_drift` says yes, or raises and says what is wrong.

For our own files and for third parties'::

    from volvelle.testing.check_drift import check_drift

    def test_my_drift_test():
        check_drift(my_package.my_drift_test)
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from volvelle.monitor.contract import Effect, Found, Takes
from volvelle.testing.check_metric import check_documented, check_literals

_ROWS, _ROUNDS, _LEVEL = 400, 400, 0.05
Sides = tuple[NDArray[Any], NDArray[Any]]


def check_drift(test: ModuleType) -> None:
    """Hold a drift test against its contract (`monitor.contract.DriftTest`).

    Raises:
        AssertionError: one sentence that says what is wrong.
    """
    check_documented(test)
    check_literals(test, ("TAKES", "EFFECT"))
    name = test.__name__
    assert test.TAKES, f"TAKES of {name} is empty"
    assert set(test.TAKES) <= set(get_args(Takes)), f"TAKES of {name} must be some of {', '.join(get_args(Takes))}"
    assert test.EFFECT in get_args(Effect), f"EFFECT of {name} must be one of {', '.join(get_args(Effect))}"
    for takes in test.TAKES:
        rng = np.random.default_rng(21)
        _check_answer(test, takes, rng)
        _check_quiet(test, takes, rng)
        _check_drifting(test, takes, rng)
        _check_empty(test, takes, rng)


def _sides(takes: str, moved: float, rng: np.random.Generator, rows: int = _ROWS) -> Sides:
    """Healthy rows and rows of now, of which the share `moved` has moved far."""
    before, now = rng.normal(size=(2, 2 * rows))
    now = now[:rows]
    now = np.where(rng.random(rows) < moved, 3.0 + now / 4, now)
    if takes == "values":
        return before, now
    if takes == "rows":
        return np.stack([before, rng.normal(size=len(before))], 1), np.stack([now, rng.normal(size=rows)], 1)
    ends = np.linspace(-1.5, 1.5, 7) if takes in ("numbers", "categories") else np.array([1.0])
    found = [np.bincount(np.searchsorted(ends, side), minlength=len(ends) + 1) for side in (before, now)]
    # What is missing or outside stands first.
    return (found[0][::-1], found[1][::-1]) if len(ends) == 1 else (found[0], found[1])


def _score(test: ModuleType, sides: Sides) -> Found:
    found = test.score(*sides)
    name = test.__name__
    assert isinstance(found, Found), f"score of {name} returns {type(found).__name__}, not Found"
    assert math.isfinite(found.statistic), f"score of {name} gives the statistic {found.statistic}"
    assert found.p is None or 0 <= found.p <= 1, f"score of {name} gives p = {found.p}"
    most = 1.0 + 1e-9 if test.EFFECT == "share" else math.inf
    assert 0 <= found.effect <= most, f"score of {name} gives the effect {found.effect}"
    return found


def _check_answer(test: ModuleType, takes: str, rng: np.random.Generator) -> None:
    sides = _sides(takes, 0.1, rng)
    kept = tuple(side.copy() for side in sides)
    found = _score(test, sides)
    same = all(np.array_equal(a, b) for a, b in zip(kept, sides, strict=True))
    assert same, f"score of {test.__name__} changes the arrays that it is given"
    assert _score(test, sides) == found, f"score of {test.__name__} gives something else the second time"


def _check_quiet(test: ModuleType, takes: str, rng: np.random.Generator) -> None:
    """Where nothing has moved, a chance below 5 % comes in about 5 % of cases, and never much more."""
    rounds = _ROUNDS if takes != "rows" else _ROUNDS // 10
    chances = [_score(test, _sides(takes, 0.0, rng)).p for _ in range(rounds)]
    calls = getattr(test, "CALLS", True)
    assert calls == (chances[0] is not None), f"CALLS of {test.__name__} is {calls}, but it gives p = {chances[0]}"
    if chances[0] is None:
        return
    often = float(np.mean([p is not None and p <= _LEVEL for p in chances]))
    most = _LEVEL + 4 * math.sqrt(_LEVEL * (1 - _LEVEL) / rounds)
    assert often <= most, f"{test.__name__} calls in {often:.0%} of the cases where nothing has moved, at p <= 0.05"


def _check_drifting(test: ModuleType, takes: str, rng: np.random.Generator) -> None:
    """More drift is a larger effect on average, and a half of the rows is found in nearly every case."""
    rounds, name = 20, test.__name__
    means = []
    for moved in (0.0, 0.2, 0.5):
        found = [_score(test, _sides(takes, moved, rng)) for _ in range(rounds)]
        means.append(float(np.mean([f.effect for f in found])))
    assert means[0] < means[1] < means[2], f"the effect of {name} does not grow with drift: {means}"
    seen = [f.p is None or f.p <= _LEVEL for f in found]
    assert np.mean(seen) >= 0.9, f"{name} finds a drift of half of the rows in {np.mean(seen):.0%} of the cases only"


def _check_empty(test: ModuleType, takes: str, rng: np.random.Generator) -> None:
    """Without rows on one side there is nothing to say: no effect, and no chance below 1."""
    for empty in (0, 1):
        sides = list(_sides(takes, 0.3, rng))
        sides[empty] = sides[empty][:0] if takes in ("values", "rows") else np.zeros_like(sides[empty])
        found = _score(test, (sides[0], sides[1]))
        silent = found.effect == 0 and found.p in (None, 1.0)
        assert silent, f"score of {test.__name__} finds drift where one side has no rows: {found}"
