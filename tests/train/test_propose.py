"""Proposals, and what the front gets of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from volvelle.train.contract import Int, Settings, Space
from volvelle.train.order import Plan
from volvelle.train.propose import EVERY, propose, smaller
from volvelle.train.records import Trial
from volvelle.train.search import Goal, GoesOn, Outcome, search

SPACES: dict[str, Space] = {"forest": {"trees": Int(low=50, high=800, default=400)}}


def trial(number: int, score: float, trees: int) -> Trial:
    """A finished one, as large as its trees."""
    settings = {"trees": trees}
    return Trial(
        number=number,
        estimator="forest",
        settings=settings,
        status="done",
        score=score,
        fold_scores=(score,) * 3,
        size=100 * trees,
    )


points = st.lists(st.tuples(st.floats(0, 1), st.integers(2, 10**4)), min_size=EVERY - 1, max_size=4 * EVERY)


@given(points)
def test_what_is_proposed_for_the_front_is_smaller_and_new(places: list[tuple[float, int]]) -> None:
    """Whatever the trials, it is some trial's settings with fewer trees, and was not tried."""
    trials = [trial(k, *place) for k, place in enumerate(places)]
    found = smaller(trials, "down")
    if len(trials) % EVERY != EVERY - 1:
        assert found is None
    elif found is not None:
        assert 2 <= found[1]["trees"] < max(t.settings["trees"] for t in trials)
        assert found[1] not in [t.settings for t in trials]


def test_the_widest_gap_is_filled_first() -> None:
    """Of 10, 100 and 120 trees on the front, the gap between 10 and 100 gets about their geometric mean."""
    found = smaller([trial(0, 0.9, 10), trial(1, 0.5, 100), trial(2, 0.4, 120)], "down")
    assert found is not None
    assert 28 <= found[1]["trees"] <= 36


def test_a_proposal_is_a_function_of_history_and_seed() -> None:
    """Asked twice, the same point comes."""
    trials = [trial(k, 1 / (k + 1), 100 * (k + 1)) for k in range(11)]
    assert propose(SPACES, trials, "down", 3) == propose(SPACES, trials, "down", 3)
    assert smaller(trials, "down") == smaller(trials, "down")


def _sized(estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
    """More trees are better and larger; whoever may stop after a fold does."""
    score = 10.0 / settings["trees"]
    scores: Sequence[float] = [score, score + 1e-4, score - 1e-4]
    done = 1
    while done < len(scores) and goes_on(tuple(scores[:done]), None):
        done += 1
    return Outcome(tuple(scores[:done]), {}, 0.0, 0.0, "", size=100 * settings["trees"], operations=1)


def test_the_front_gets_its_share_of_a_search() -> None:
    """Small models are measured whole that no space holds and that racing would have stopped."""
    found = search(Plan(SPACES), _sized, Goal("rmse", "down", 60.0, 48, "auto", 1, 3))
    small = [t for t in found.trials if t.settings["trees"] < 50]
    assert len(small) >= 6
    assert all(t.status == "done" and t.size for t in small)
    best = next(t for t in found.trials if t.number == found.best)
    assert best.score is not None
    assert math.isclose(best.score, 10 / 800, rel_tol=0.5)
