"""Records are fitted to columns: nothing is lost, nothing is half taken, and no value changes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from volvelle.data.fitting import COLUMNS, Kind, Record, fit

PATIENT = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from(["a", "b", "A", "", "_v_id", "long" * 60])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.binary(max_size=3),
    st.just(datetime(2024, 3, 1, tzinfo=UTC)),
    st.just(3 + 4j),
)
KINDS = st.dictionaries(
    st.sampled_from(["a", "b"]), st.sampled_from(["integer", "number", "boolean", "text", "time"]), max_size=2
)


def same(stored: Any, given_one: Any) -> bool:
    """Whether a cell of the frame is the value that came."""
    if isinstance(given_one, bytes):
        return bool(stored == given_one.hex())
    if isinstance(given_one, list):
        return bool(stored == str(given_one).replace(" ", ""))
    if isinstance(given_one, float) and math.isnan(given_one):
        return isinstance(stored, float) and math.isnan(stored)
    return bool(stored == given_one)


@PATIENT
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=8), KINDS)
def test_every_record_is_kept_whole_or_set_aside(cells: list[dict[str, Any]], kinds: dict[str, Kind]) -> None:
    """Each record is a row with its very values, or is set aside with a reason."""
    done = fit([Record(c) for c in cells], kinds)
    assert sorted([*done.kept, *done.misfits]) == list(range(len(cells)))
    assert all(misfit.why and misfit.kind for misfit in done.misfits.values())
    for row, position in zip(done.frame.iter_rows(named=True), done.kept, strict=True):
        known = {name: value for name, value in cells[position].items() if value is not None}
        assert {name for name, value in row.items() if value is not None} == set(known)
        assert all(same(row[name], value) for name, value in known.items())
    lower = [name.lower() for name in {*kinds, *done.frame.columns}]
    assert len(lower) == len(set(lower))


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        (None, "21", 21),
        (None, " 21.50 ", 21.5),
        (None, "-1e3", -1000.0),
        (None, "007", "007"),
        (None, "TRUE", True),
        (None, "north", "north"),
        ("text", "21", "21"),
        ("text", "true", "true"),
        ("number", "21", 21.0),
        ("integer", "21.0", 21),
        ("boolean", "false", False),
    ],
)
def test_texts_of_csv_mean_what_their_column_holds(kind: Kind | None, text: str, meant: object) -> None:
    """A text is read in the kind of its column; in a new one as a number, a boolean or a text."""
    done = fit([Record({"a": text}, None, True)], {} if kind is None else {"a": kind})
    assert done.frame["a"].to_list() == [meant]
    assert type(done.frame["a"][0]) is type(meant)


@pytest.mark.parametrize("text", ["", " ", "NA", "?", "nan", "null"])
def test_missing_markers_of_csv_are_missing(text: str) -> None:
    """What means missing in a file means missing on a line."""
    done = fit([Record({"a": text, "b": "1"}, None, True)], {"a": "number"})
    assert done.frame.rows() == [(1,)]


def test_too_many_columns_are_refused() -> None:
    """A sender that invents names does not make a table of any width."""
    done = fit([Record({f"n{k}": 1}) for k in range(COLUMNS + 5)], {})
    assert done.frame.width == COLUMNS
    assert {m.kind for m in done.misfits.values()} == {"name"}
    assert len(done.misfits) == 5
