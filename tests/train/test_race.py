"""The race over folds."""

from __future__ import annotations

import math

import numpy as np

from volvelle.train.race import Rivals, bound, goes_on

BEST = (0.90, 0.91, 0.89, 0.90, 0.90)


def test_the_bound_is_the_stated_one() -> None:
    """After two of five folds the bound equals the formula of the docstring, worked out by hand."""
    # Differences -0.02 and 0.00; the best's variance is 0.00005, pooled with 2 degrees of freedom.
    variance = (0.0002 + 2 * 0.00005) / 3
    wanted = -0.01 + 3 / 5 * 2.353 * math.sqrt(variance * (1 / 2 + 1 / 3))
    assert math.isclose(bound((0.88, 0.91), BEST, 1), wanted, rel_tol=1e-9)


def test_hopeless_is_stopped_and_near_goes_on() -> None:
    """One fold is enough for a candidate far behind, and none of four for one that is as good."""
    assert not goes_on((0.70,), Rivals(BEST), 1)
    assert all(goes_on(tuple(b + 0.001 for b in BEST[:k]), Rivals(BEST), 1) for k in range(1, 5))
    assert goes_on((0.70,), Rivals(BEST), -1)
    assert not goes_on((1.20,), Rivals(BEST), -1)


def test_without_a_rival_all_go_on() -> None:
    """The first candidate has nothing to race against, and a score that is no number is always stopped."""
    assert goes_on((0.1,), Rivals(), 1)
    assert not goes_on((math.nan,), Rivals(), 1)


def test_members_have_slack() -> None:
    """With a slack the best of its estimator goes on where it would be stopped; a worse one of it does not."""
    behind = (0.87, 0.88, 0.86)
    assert not goes_on(behind, Rivals(BEST), 1)
    assert goes_on(behind, Rivals(BEST, (), 0.05), 1)
    assert goes_on(behind, Rivals(BEST, (0.86, 0.87, 0.85, 0.86, 0.86), 0.05), 1)
    assert not goes_on(behind, Rivals(BEST, BEST, 0.05), 1)


def test_equals_are_seldom_stopped() -> None:
    """Of candidates as good as the best with noise of its own size, at most one in ten is ever stopped."""
    rng = np.random.default_rng(3)
    stopped = 0
    for _ in range(1000):
        best = tuple(0.9 + 0.01 * rng.standard_normal(5))
        scores = tuple(0.9 + 0.01 * rng.standard_normal(5))
        # Only those that would in the end have been better.
        if np.mean(scores) > np.mean(best):
            stopped += any(not goes_on(scores[:k], Rivals(best), 1) for k in range(1, 5))
    assert stopped <= 50
