"""The candidates that no other one beats, and what a bound on the size decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from volvelle.evaluate.front import fits, front, told, weighed
from volvelle.evaluate.judge import judge
from volvelle.evaluate.records import Measured, Weighed
from volvelle.spec.gates import parse
from volvelle.train.records import Searched, Trial

POINTS = some.lists(
    some.builds(
        Weighed,
        estimator=some.just("any"),
        score=some.sampled_from((0.1, 0.2, 0.3)),
        size=some.integers(1, 4),
        operations=some.integers(1, 4),
        trial=some.integers(0, 9),
    ),
    max_size=12,
)


def _costs(point: Weighed, up: bool) -> tuple[float, int, int]:
    return (-point.score if up else point.score), point.size, point.operations


def _no_worse(one: tuple[float, int, int], other: tuple[float, int, int]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


@given(POINTS, some.booleans())
def test_no_point_of_the_front_is_beaten(points: list[Weighed], up: bool) -> None:
    """No kept point is matched in everything by another kept one, and every point is matched by a kept one."""
    kept = [_costs(p, up) for p in front(points, up=up)]
    assert all(not _no_worse(a, b) for i, a in enumerate(kept) for j, b in enumerate(kept) if i != j)
    assert all(any(_no_worse(k, _costs(p, up)) for k in kept) for p in points)
    assert [k[0] for k in kept] == sorted(k[0] for k in kept)


def test_what_ships_stays() -> None:
    """The model is in the front even where a candidate beats it."""
    shipped = Weighed(estimator="a", score=0.5, size=9, operations=9, shipped=True)
    other = Weighed(estimator="b", score=0.6, size=1, operations=1, trial=0)
    assert front((shipped, other), up=True) == (other, shipped)


def trial(number: int, score: float, size: int, status: str = "done") -> Trial:
    """A trial of so many bytes."""
    return Trial(
        number=number,
        estimator=f"e{number}",
        settings={},
        status=status,  # type: ignore[arg-type]
        score=score,
        size=size,
        operations=size,
    )


SEARCHED = Searched(
    metric="roc_auc",
    direction="up",
    trials=(trial(0, 0.9, 8000), trial(1, 0.8, 800), trial(2, 0.7, 400, "stopped"), trial(3, 0.6, 0)),
    best=0,
    seed=0,
    folds=5,
    budget=1.0,
    spent=1.0,
)


def test_only_finished_trials_are_weighed() -> None:
    """A stopped trial and one without a size are no points."""
    assert [p.trial for p in weighed(SEARCHED)] == [0, 1]


@pytest.mark.parametrize(("size", "fitting"), [(800, True), (801, False), (0, True)])
def test_a_model_of_all_rows_may_be_larger(size: int, fitting: bool) -> None:
    """A bound is held against five fourths of the bytes of four folds; what was never weighed may fit."""
    assert fits(trial(0, 0.5, size), [parse("model_size <= 1000 B")], 5) is fitting


@pytest.mark.parametrize(
    ("gate", "shipped", "size", "words"),
    [
        ("model_size <= 1 MiB", 0, 9000, "every candidate fits: the bound decides nothing"),
        ("model_size <= 2 KiB", 1, 900, "without the bound e0 would reach 0.9 with 9.8 KiB"),
        (
            "model_size <= 100 B",
            0,
            9000,
            "model_size <= 1 KiB would let it win, model_size <= 9 KiB lets this one pass",
        ),
    ],
)
def test_what_a_bound_decided_is_said(gate: str, shipped: int, size: int, words: str) -> None:
    """All fit; the best does not fit; none fits."""
    bound = parse(gate)
    chosen = SEARCHED.trials[shipped]
    point = Weighed(estimator=chosen.estimator, score=chosen.score or 0.0, size=size, operations=1, shipped=True)
    assert words in told(judge(bound, Measured(value=float(size))), bound, SEARCHED, point).reason


def test_other_gates_are_left_alone() -> None:
    """The verdict on another gate is handed back as it is."""
    bound = parse("parity <= 1")
    verdict = judge(bound, Measured(value=0.0))
    assert told(verdict, bound, SEARCHED, weighed(SEARCHED)[0]) is verdict
