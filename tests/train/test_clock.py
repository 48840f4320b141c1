"""The clock of a search."""

from __future__ import annotations

import math
import time

from msgspec import structs

from volvelle.train.clock import Clock, even, refit
from volvelle.train.records import Trial


def clock(*, ensemble: bool = False, before: float = 0.0) -> Clock:
    return Clock(100.0, even(5), began=time.monotonic(), before=before, ensemble=ensemble)


def trial(number: int, estimator: str, score: float, *, folds: int = 5, seconds: float = 10.0) -> Trial:
    return Trial(
        number=number,
        estimator=estimator,
        settings={},
        status="done" if folds == 5 else "stopped",
        score=score,
        fold_scores=(score,) * folds,
        seconds=seconds,
        work=8.0,
        answering=0.5,
    )


def test_cost_is_the_mean() -> None:
    """The mean over an estimator's trials is predicted, stopped ones included; what was never tried costs nothing."""
    seen = [trial(0, "a", 1.0, folds=2, seconds=4.0), trial(1, "a", 1.0, seconds=20.0)]
    assert math.isclose(clock().trial("a", seen), 12.0)
    assert clock().trial("b", seen) == 0.0


def test_what_never_finished_a_fold_is_not_tried_again() -> None:
    """An estimator whose first trial was stopped without a fold costs infinitely much."""
    assert clock().trial("a", [trial(0, "a", 1.0, folds=0)]) == math.inf


def test_what_training_again_will_cost() -> None:
    """The best trial's fold of 1.6 s, 0.1 s of it answering, is counted once; with an ensemble others too."""
    seen = [trial(n, "a", float(n)) for n in range(10)]
    once = 1.5 * 1.25**1.5 + 0.1 * 5 * 2.5
    assert math.isclose(refit(seen[0], even(5)), once)
    assert math.isclose(clock().refits(seen, "up"), once)
    assert math.isclose(clock(ensemble=True).refits(seen, "up"), once + 15.0)
    assert math.isclose(clock(ensemble=True).refits(seen[:3], "up"), 3 * once)


def test_folds_forward_in_time_learn_from_fewer_rows() -> None:
    """Where three folds learn from a quarter, a half and three quarters, a fit of all rows is 2.7 times their mean."""
    seen = structs.replace(trial(0, "a", 1.0, folds=3), status="done", work=3.0, answering=0.0)
    mean = (0.25**1.5 + 0.5**1.5 + 0.75**1.5) / 3
    assert math.isclose(refit(seen, (0.25, 0.5, 0.75)), 1 / mean)
    assert refit(seen, (0.25, 0.5, 0.75)) > 1.4 * refit(seen, even(3))


def test_time_is_held_back() -> None:
    """What an interrupted search has spent is taken off, and what training the winner again will take."""
    assert math.isclose(clock(before=50.0).left([], "up"), 50.0, abs_tol=0.5)
    seen = [trial(0, "a", 1.0)]
    assert math.isclose(clock(before=50.0).left(seen, "up"), 50.0 - refit(seen[0], even(5)), abs_tol=0.5)


def test_all_that_is_left_is_there_for_the_last_fits() -> None:
    """The members of an ensemble share nine tenths of what is left; the winner's own fit is granted in any case."""
    seen = [trial(n, "a", float(n)) for n in range(10)]
    assert math.isclose(clock(before=60.0).refit_within(seen, "up"), 36.0, abs_tol=0.5)
    assert math.isclose(clock(before=120.0).refit_within(seen, "up"), refit(seen[9], even(5)))


def test_the_last_fit_may_average_several() -> None:
    """A trial whose last fit averages three boosters costs three times as much to train again."""
    one = trial(0, "a", 1.0)
    three = structs.replace(one, found={"boosters": 3})
    assert math.isclose(refit(structs.replace(one, size=10 * 2**20), even(5)), refit(one, even(5)) + 1.5)
    assert math.isclose(refit(three, even(5)), 3 * refit(one, even(5)))
    assert math.isclose(clock().refits([three], "up"), 3 * refit(one, even(5)))
    dear = structs.replace(three, work=40.0)
    assert math.isclose(clock().refits([dear], "up"), refit(dear, even(5)) / 3 + 15.0)
    assert math.isclose(clock(before=120.0).refit_within([dear], "up"), refit(dear, even(5)) / 3)
