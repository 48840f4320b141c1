"""Rows that are not learnt from: which go, and which side they come from."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.errors import DataError
from volvelle.prepare.drop import drop
from volvelle.spec.requirements import FeatureSpec

cells = st.lists(st.tuples(st.sampled_from([None, 1.0, 2.0, 9.0]), st.sampled_from(["a", "b"])), min_size=1)


@settings(max_examples=100, deadline=None)
@given(cells)
def test_each_different_row_stays_once(rows: list[tuple[float | None, str]]) -> None:
    """Of equal rows the first stays, missing equals missing, and the order is kept."""
    frame = pl.DataFrame(rows, schema={"x": pl.Float64, "y": pl.String}, orient="row")
    kept = drop(frame, ["x", "y"], {}, ("duplicates",))
    assert kept.frame.rows() == list(dict.fromkeys(rows))
    assert (kept.duplicates, kept.invalid) == (len(rows) - len(set(rows)), 0)


def test_what_the_spec_does_not_allow_is_invalid() -> None:
    """Out of range, not in the list, missing where refused; missing elsewhere and the bounds themselves are fine."""
    frame = pl.DataFrame(
        {"n": [0, 5, 11, None, 7, 7], "c": ["a", "a", "a", "a", "z", None], "t": [1, 1, 1, 1, 1, None]}
    )
    declared = {
        "n": FeatureSpec(low=0, high=10),
        "c": FeatureSpec(categories=("a", "b")),
        "t": FeatureSpec(missing="refuse"),
    }
    kept = drop(frame, ["n", "c", "t"], declared, ("invalid",))
    assert kept.frame.rows() == [(0, "a", 1), (5, "a", 1), (None, "a", 1)]
    assert (kept.duplicates, kept.invalid) == (0, 3)


def test_nothing_is_dropped_unasked_and_not_everything() -> None:
    """Without a reason all rows stay; where none would be left the error says where the reason stands."""
    frame = pl.DataFrame({"n": [50, 50]})
    assert drop(frame, ["n"], {"n": FeatureSpec(high=10)}, ()).frame.equals(frame)
    with pytest.raises(DataError, match="all 2 training rows are dropped") as caught:
        drop(frame, ["n"], {"n": FeatureSpec(high=10)}, ("invalid",))
    assert caught.value.where == "prepare.drop"
