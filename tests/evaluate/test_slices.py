"""Slices: which rows meet conditions, and which conditions are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.errors import SpecError
from volvelle.evaluate.slices import rows, values
from volvelle.spec.gates import parse, slice_text

FRAME = pl.DataFrame(
    {
        "sex": ["Female", "Male", None, "Female"],
        "age": [20.0, 30.0, 40.0, float("nan")],
        "count": [1, 2, None, 4],
        "grade": ["1", "2", "10", None],
        "smoker": [True, False, None, True],
        "when": [datetime(2024, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)],
        "air temperature": [1.0, 2.0, 3.0, 4.0],
    }
)


def met(text: str) -> list[int]:
    """Positions of the rows that a slice chooses."""
    return np.flatnonzero(rows(FRAME, parse(f"recall where {text} >= 0.5").where)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sex = 'Female'", [0, 3]),
        ("sex != 'Female'", [1]),
        ("sex in ('Male', 'Other')", [1]),
        ("sex = 'Nobody'", []),
        ("age >= 30", [1, 2]),
        ("age < 30", [0]),
        ("age != 20", [1, 2]),
        ("count in (1, 4)", [0, 3]),
        ("count > 1", [1, 3]),
        ("grade = 2", [1]),
        ("grade >= 2", [1, 2]),
        ("grade = '10'", [2]),
        ("smoker = 'true'", [0, 3]),
        ("smoker = 'False'", [1]),
        ("smoker != 'true'", [1]),
        ("when >= '2024-02-01' and when < '2024-04-01'", [1, 2]),
        ("when = '2024-03-01T00:00:00+00:00'", [2]),
        ("sex = 'Female' and age <= 20", [0]),
        ('"air temperature" > 2.5', [2, 3]),
    ],
)
def test_rows_that_meet_conditions(text: str, expected: list[int]) -> None:
    """Each comparison chooses the right rows by the column's type; a missing cell meets none."""
    assert met(text) == expected


def test_no_condition_is_all_rows() -> None:
    """An empty slice holds every row."""
    assert rows(FRAME, ()).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sx = 'Female'", "no column is called 'sx'"),
        ("age = 'old'", "'age' is a number column"),
        ("sex = 1", "'sex' is a text column"),
        ("sex >= 'F'", "'sex' is a text column"),
        ("smoker = 'maybe'", "'smoker' is a boolean column"),
        ("smoker < 'true'", "'smoker' is a boolean column"),
        ("when >= 'yesterday'", "'when' is a time column"),
    ],
)
def test_conditions_that_do_not_fit(text: str, words: str) -> None:
    """A value that cannot be compared is refused with column, type and a next move."""
    with pytest.raises(SpecError, match=words) as caught:
        met(text)
    assert caught.value.next_move
    assert "slice" in caught.value.where


def test_unknown_column_offers_near_names() -> None:
    """A misspelt column is answered with the name that was meant."""
    with pytest.raises(SpecError) as caught:
        met("agee > 1")
    assert "'age'" in caught.value.next_move


def test_values_cover_every_known_row_once() -> None:
    """The slices of a column by value hold each row with a value exactly once, most frequent first."""
    for column in ("sex", "age", "count", "smoker", "grade", "when"):
        slices = values(FRAME, column)
        chosen = np.sum([rows(FRAME, where) for where in slices], axis=0)
        known = [cell is not None and cell == cell for cell in FRAME[column].to_list()]
        assert chosen.tolist() == known
    assert slice_text(values(FRAME, "sex")[0]) == "sex = 'Female'"
    assert slice_text(values(FRAME, "smoker")[0]) == "smoker = 'true'"


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False, width=32), min_size=25, max_size=80, unique=True))
def test_bands_of_a_number_column_are_a_partition(numbers: list[float]) -> None:
    """Bands of a many-valued number hold every row once, and their printed text parses to the same rows."""
    frame = pl.DataFrame({"x": numbers})
    bands = values(frame, "x")
    assert 1 <= len(bands) <= 4
    chosen = np.sum([rows(frame, where) for where in bands], axis=0)
    assert (chosen == 1).all()
    for where in bands:
        again = parse(f"rmse where {slice_text(where)} <= 1").where if where else ()
        assert np.array_equal(rows(frame, again), rows(frame, where))
