"""Where folds stop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from volvelle.train.stops import stops

CURVES = st.lists(st.lists(st.floats(0, 10), min_size=8, max_size=8), min_size=2, max_size=5)


@given(CURVES, st.lists(st.floats(0, 10), min_size=8, max_size=8), st.data())
def test_a_fold_has_no_part_in_its_own_stop(curves: list[list[float]], other: list[float], data: st.DataObject) -> None:
    """Whatever a fold's own rows lose, it stops at the same step."""
    fold = data.draw(st.integers(0, len(curves) - 1))
    changed = [other if k == fold else curve for k, curve in enumerate(curves)]
    assert stops(changed).folds[fold] == stops(curves).folds[fold]


@given(CURVES)
def test_all_stop_where_the_mean_is_least(curves: list[list[float]]) -> None:
    """No number of steps has a smaller sum of losses than the one for the last fit."""
    sums = [sum(curve[step] for curve in curves) for step in range(8)]
    found = stops(curves).all
    assert found is not None
    assert sums[found - 1] <= min(sums) * (1 + 1e-12)


def test_a_loss_that_is_not_a_number_is_no_place_to_stop() -> None:
    """A step at which one fold's loss overflowed is not taken, nor one beyond the shortest curve."""
    assert stops([[float("nan"), 2.0, 3.0], [1.0, 2.0, 3.0, 0.1]]) == ((1, 2), 2)
