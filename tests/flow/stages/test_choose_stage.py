"""Choosing: the best candidate, or the smallest of those that cannot be told from it."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from msgspec import structs

from volvelle.compiler.device import device
from volvelle.evaluate.budget import NOWHERE, Budget, budget
from volvelle.flow.lesson import fold_count
from volvelle.flow.stages.choose import Bounds, _settings, choose
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Data, Problem, Require, Search, Spec
from volvelle.train.clock import even
from volvelle.train.records import Searched, Trial


def trial(number: int, estimator: str, score: float, flash: int, size: int, **more: Any) -> Trial:
    """A finished trial of five folds, whose scores spread by 0.04: two hundredths are one standard error."""
    takes = {"flash": flash, "tables": 0, "ram": 64, "instructions": 900, "cycles": 1300, "leaves": 9}
    facts: dict[str, Any] = {"foretold": takes, "fits": True, "predictions": "kept"} | more
    return Trial(
        number=number, estimator=estimator, settings={}, status="done", score=score, spread=0.04, size=size, **facts
    )


TRIALS = (
    trial(0, "lightgbm", 0.90, 40_000, 9_000),
    trial(1, "forest", 0.89, 9_000, 20_000),
    trial(2, "mlp", 0.885, 12_000, 3_000),
    trial(3, "decision_tree", 0.87, 900, 500),
    trial(4, "logistic", 0.895, 300, 100, fits=False),
)


def chosen(prefer: Literal["quality", "small"], gates: tuple[str, ...], bounds: Budget, *trials: Trial) -> str:
    """The estimator of the candidate; an average would need the store, which is not there."""
    spec = Spec(
        problem=Problem(target="y"),
        data=Data(source="x.csv"),
        require=Require(gates=gates),
        search=Search(prefer=prefer, ensemble=prefer == "small"),
    )
    done = trials or TRIALS
    searched = Searched("roc_auc", "up", done, best=0, seed=1, folds=5, shares=even(5), budget=1.0, spent=1.0)
    absent: Any = None
    return choose(spec, searched, bounds, absent).estimator


def test_quality_is_preferred_if_nothing_is_said() -> None:
    """Without a word the best candidate wins, however large."""
    assert Search().prefer == "quality"
    assert chosen("quality", (), NOWHERE) == "lightgbm"


def test_small_takes_the_least_flash_within_one_standard_error() -> None:
    """What is further off, or does not fit the device, is not taken, however small; the front is counted in flash."""
    assert chosen("small", ("flash <= 64 KiB",), budget(device("cortex-m0"), [parse("flash <= 64 KiB")])) == "forest"


def test_small_without_a_device_counts_bytes_of_the_file() -> None:
    """Where no flash is foretold, the smallest file wins."""
    plain = [trial(t.number, t.estimator, float(t.score or 0), 0, t.size, foretold={}, fits=None) for t in TRIALS[:4]]
    assert chosen("small", (), NOWHERE, *plain) == "mlp"


@pytest.mark.parametrize(("floor", "taken"), [("0.888", "forest"), ("0.895", "lightgbm"), ("0.95", "forest")])
def test_a_floor_that_the_best_meets_is_kept(floor: str, taken: str) -> None:
    """What is smaller but misses the floor over the folds is not taken; a floor that nothing meets decides nothing."""
    bounds = budget(device("cortex-m0"), [parse("flash <= 64 KiB")])
    assert chosen("small", (f"roc_auc >= {floor}", "flash <= 64 KiB"), bounds) == taken


def test_of_losses_less_is_better() -> None:
    """The direction of the metric is heeded: a loss that is lower by more than an error is told apart."""
    losses = [trial(k, name, loss, flash, 9) for k, (name, loss, flash) in enumerate(
        [("lightgbm", 0.30, 9000), ("forest", 0.315, 5000), ("mlp", 0.33, 100)]
    )]  # fmt: skip
    searched = Searched(
        "log_loss", "down", tuple(losses), best=0, seed=1, folds=5, shares=even(5), budget=1.0, spent=1.0
    )
    spec = Spec(problem=Problem(target="y"), data=Data(source="x.csv"), search=Search(prefer="small"))
    absent: Any = None
    assert choose(spec, searched, NOWHERE, absent).estimator == "forest"


@pytest.mark.parametrize(("seconds", "averaged"), [(21.1, [3, 3, 3]), (13.1, [3, None, 3]), (9.1, [2, None, None])])
def test_members_are_averaged_over_seeds_as_long_as_there_is_time(seconds: float, averaged: list[int | None]) -> None:
    """Each member is fitted once; the first ones up to three times, or later ones, as often as there is time."""
    found = {"trees": 9, "boosters": 3}
    members = [
        # So much work of five folds makes a last fit of so many seconds.
        trial(k, "lightgbm", 0.9, 1, 1, fold_scores=(0.9,) * 5, work=once * 5 / 1.25**1.5, found=found)
        for k, once in enumerate((2, 4, 1))
    ]
    searched = Searched(
        "roc_auc",
        "up",
        tuple(members),
        best=0,
        seed=1,
        folds=5,
        shares=even(5),
        budget=9.0,
        spent=1.0,
        refit_within=seconds,
    )
    bounds = Bounds(size=(), limits=(), unknown=False, folds=5)
    assert [given.get("boosters") for given in _settings(members, bounds, searched)] == averaged
    assert _settings(members[:1], bounds, searched)[0]["boosters"] == 3
    by_hand = structs.replace(members[1], settings={"boosters": 10}, found={})
    assert _settings([members[0], by_hand], bounds, searched)[1]["boosters"] == 10


def test_trees_grow_with_the_rows_where_nothing_bounds_them() -> None:
    """Found on two thirds of the rows, or forward in time on three quarters, unless by hand or bounded in bytes."""
    found = trial(0, "lightgbm", 0.9, 1, 1, fold_scores=(0.9,) * 3, work=3.0, found={"trees": 100})
    given = structs.replace(found, found={}, settings={"trees": 100})
    searched = Searched("roc_auc", "up", (found,), best=0, seed=1, folds=3, shares=even(3), budget=9.0, spent=1.0)
    free = Bounds(size=(), limits=(), unknown=False, folds=3)
    bound = free._replace(size=(parse("model_size <= 1 MiB"),))
    assert [_settings([t], b, searched)[0]["trees"] for t, b in [(found, free), (given, free), (found, bound)]] == [
        122,
        100,
        100,
    ]
    forward = structs.replace(searched, shares=(0.25, 0.5, 0.75))
    assert _settings([found], free, forward)[0]["trees"] == 115


def test_many_rows_have_few_folds() -> None:
    """Unless the spec names a number, 10,000 rows are divided into three folds and fewer rows into five."""
    spec = Spec(problem=Problem(target="y"), data=Data(source="x.csv"))
    named = Spec(problem=Problem(target="y"), data=Data(source="x.csv"), search=Search(folds=4))
    assert [fold_count(spec, rows) for rows in (9_999, 10_000)] == [5, 3]
    assert fold_count(named, 10_000) == 4
