"""Encoding: any frame into the matrices of a model, or one clear error."""

from __future__ import annotations

from datetime import date, datetime, timezone

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volvelle.errors import DataError
from volvelle.model.encode import encode, example
from volvelle.model.signature import MISSING_TIME, Feature, Signature

NUMBER = Feature(name="n", kind="number", low=0.0, high=10.0)
INTEGER = Feature(name="i", kind="integer", low=1.0, high=4.0)
CATEGORY = Feature(name="c", kind="category", categories=("a", "b", "3"))
FLAG = Feature(name="f", kind="boolean", categories=("false", "true"))
TIME = Feature(name="t", kind="time", low=86400.0, high=2e9)


def signature(*features: Feature) -> Signature:
    return Signature(features=features, target="y", task="regression")


def test_matrices_have_the_signature_s_order_and_types() -> None:
    """Features of one matrix keep their order; other columns are ignored; types are those of the contract."""
    frame = pl.DataFrame({"extra": [1], "t": ["1970-01-02"], "i": [3], "c": ["b"], "f": [True], "n": [2.5]})
    made = encode(frame, signature(CATEGORY, INTEGER, TIME, NUMBER, FLAG))
    assert made["numbers"].tolist() == [[3.0, 2.5]]
    assert made["codes"].tolist() == [[1, 1]]
    assert made["times"].tolist() == [[86400]]
    assert [str(m.dtype) for m in made.values()] == ["float32", "int64", "int64", "int64"]


def test_matrices_without_a_feature_have_no_column() -> None:
    """Absent kinds give an empty matrix with all rows, and no rows give empty matrices."""
    made = encode(pl.DataFrame({"n": [1, 2]}), signature(NUMBER))
    assert [m.shape for m in made.values()] == [(2, 1), (2, 0), (2, 0), (2, 0)]
    none = encode(pl.DataFrame({"n": [], "c": [], "t": []}), signature(NUMBER, CATEGORY, TIME))
    assert [m.shape for m in none.values()] == [(0, 1), (0, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ([1, None], [1.0, np.nan]),
        ([" 1.5 ", "NA", "", "?"], [1.5, np.nan, np.nan, np.nan]),
        ([1e39, -1e39, float("inf"), float("nan")], [np.nan] * 4),
        (["1e400", "inf"], [np.nan, np.nan]),
        ([True, False], [1.0, 0.0]),
        ([None, None], [np.nan, np.nan]),
    ],
)
def test_numbers(cells: list[object], values: list[float]) -> None:
    """Text is parsed; markers, infinities and what float32 cannot hold are missing."""
    made = encode(pl.DataFrame({"n": cells}, strict=False), signature(NUMBER))["numbers"]
    np.testing.assert_array_equal(made[:, 0], np.asarray(values, dtype=np.float32))


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["a", " b ", None, "", "zzz"], [0, 1, -1, -1, -2]),
        ([3, 4, None], [2, -2, -1]),
        ([3.0, 3.5, float("nan")], [2, -2, -1]),
    ],
)
def test_codes(cells: list[object], codes: list[int]) -> None:
    """Categories become positions, blanks around them do not count, whole numbers match their text."""
    frame = pl.DataFrame({"c": cells})
    assert encode(frame, signature(CATEGORY))["codes"][:, 0].tolist() == codes
    as_enum = pl.DataFrame({"c": pl.Series(["a", None], dtype=pl.Enum(["a", "q"]))})
    assert encode(as_enum, signature(CATEGORY))["codes"][:, 0].tolist() == [0, -1]


def test_a_marker_that_is_a_category_is_not_missing() -> None:
    """Where the spec made NA a category, it stays one."""
    feature = Feature(name="c", kind="category", categories=("NA", "x"))
    assert encode(pl.DataFrame({"c": ["NA", "?"]}), signature(feature))["codes"][:, 0].tolist() == [0, -1]


def test_flags_and_times() -> None:
    """Usual spellings of booleans, and dates, naive and zoned times and epoch seconds, are understood."""
    flags = pl.DataFrame({"f": ["TRUE", "0", "yes", None]})
    assert encode(flags, signature(FLAG))["codes"][:, 0].tolist() == [1, 0, 1, -1]
    noon = datetime(1970, 1, 1, 12, tzinfo=timezone.utc)  # noqa: UP017
    for cells in (
        pl.Series([noon, None]),
        pl.Series([noon, None]).dt.convert_time_zone("America/New_York"),
        pl.Series([noon.replace(tzinfo=None), None]).cast(pl.Datetime("ns")),
        pl.Series(["1970-01-01T13:00:00+01:00", ""]),
        pl.Series([43200, None]),
    ):
        made = encode(cells.alias("t").to_frame(), signature(TIME))["times"][:, 0].tolist()
        assert made == [43200, MISSING_TIME], cells.dtype
    before = pl.DataFrame({"t": [date(1969, 12, 31)]})
    assert encode(before, signature(TIME))["times"][:, 0].tolist() == [-86400]
    half = pl.DataFrame({"t": ["1969-12-31T23:59:59.5Z"]})
    assert encode(half, signature(TIME))["times"][:, 0].tolist() == [-1]


@pytest.mark.parametrize(
    ("feature", "cells", "fragment"),
    [
        (NUMBER, ["1", "many", "2", "few"], "2 cells that are no numbers (row 2: 'many', row 4: 'few')"),
        (NUMBER, ["1,5"], "1 cells that are no numbers"),
        (NUMBER, [date(2024, 1, 1)], "cannot be a number"),
        (CATEGORY, [["a"]], "cannot be a category"),
        (FLAG, ["maybe"], "neither true nor false"),
        (TIME, ["03/01/2024"], "cannot be told apart"),
        (
            Feature(name="n", kind="number", missing="refuse"),
            [1.0, None],
            "1 missing values, which this feature refuses",
        ),
        (Feature(name="c", kind="category", missing="refuse"), ["", "?"], "2 missing values"),
        (Feature(name="t", kind="time", missing="refuse"), [""], "1 missing values"),
        (
            Feature(name="c", kind="category", categories=("a",), unseen="refuse"),
            ["a", "q"],
            "1 categories that training never saw, which this feature refuses (row 2: 'q')",
        ),
    ],
)
def test_cells_that_do_not_fit_are_named(feature: Feature, cells: list[object], fragment: str) -> None:
    """The error names the column, the count, the rows and the values."""
    with pytest.raises(DataError) as caught:
        encode(pl.DataFrame({feature.name: cells}), signature(feature))
    assert fragment in str(caught.value)
    assert repr(feature.name) in caught.value.where


def test_absent_columns_are_listed_with_near_names() -> None:
    """All absent columns are named at once, the first with what is there."""
    with pytest.raises(DataError, match="2 of 2 columns are absent: n, c") as caught:
        encode(pl.DataFrame({"N": [1]}), signature(NUMBER, CATEGORY))
    assert "'N'" in caught.value.next_move


@given(st.lists(st.one_of(st.none(), st.floats(width=32, allow_nan=False, allow_infinity=False)), min_size=1))
def test_text_and_numbers_give_the_same_matrix(values: list[float | None]) -> None:
    """A number and its text are the same feature value."""
    typed = pl.DataFrame({"n": pl.Series(values, dtype=pl.Float64)})
    text = pl.DataFrame({"n": ["" if value is None else repr(value) for value in values]})
    np.testing.assert_array_equal(
        encode(typed, signature(NUMBER))["numbers"], encode(text, signature(NUMBER))["numbers"]
    )


def test_the_example_row_can_be_encoded() -> None:
    """The row shown in documentation is valid input."""
    row = example(signature(NUMBER, INTEGER, CATEGORY, FLAG, TIME))
    assert row == {"n": 5.0, "i": 2, "c": "a", "f": True, "t": "1970-01-02T00:00:00Z"}
    made = encode(pl.DataFrame([row]), signature(NUMBER, INTEGER, CATEGORY, FLAG, TIME))
    assert not np.isnan(made["numbers"]).any()
    assert made["codes"].tolist() == [[0, 1]]


def test_a_declared_range_makes_what_is_outside_missing() -> None:
    """Numbers outside a declared range are NaN; a range that was merely seen lets everything through."""
    frame = pl.DataFrame({"a": [-1.0, 0.1, 0.5, 2.0]})
    seen = Feature(name="a", kind="number", low=0.1, high=1.0)
    for bounded, expected in ((True, [True, False, False, True]), (False, [False] * 4)):
        feature = msgspec.structs.replace(seen, bounded=bounded)
        numbers = encode(frame, Signature(features=(feature,), target="t", task="regression"))["numbers"]
        assert np.isnan(numbers[:, 0]).tolist() == expected
