"""Kinds of text columns: strict, lossless, and overruled by roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volvelle.data.collect import collect
from volvelle.data.kinds import KINDS, settle
from volvelle.data.records import Layout
from volvelle.errors import DataError
from volvelle.spec.requirements import Data, FeatureSpec, Role


def settled(cells: list[str], role: Role | None = None, **layout: Any) -> tuple[pl.Series, str]:
    features = {"x": FeatureSpec(role=role)}
    frame, notes = settle(pl.DataFrame({"x": cells}), Layout(**layout), features)
    return frame["x"], " ".join(notes)


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "+2", " -3 "], "integer", [1, 2, -3]),
        (["1", "2.5", "1e3", ".5"], "number", [1.0, 2.5, 1000.0, 0.5]),
        (["007", "042"], "category", ["007", "042"]),
        (["9007199254740993"], "integer", [9007199254740993]),
        (["9223372036854775808", "1"], "category", ["9223372036854775808", "1"]),
        (["1_000", "2"], "category", ["1_000", "2"]),
        (["TRUE", "false", ""], "boolean", [True, False, None]),
        (["yes", "no"], "category", ["yes", "no"]),
        (["1", "?", "NA", "NaN", "#N/A", "null", "NaT", "N/A", "NULL", "nan"], "integer", [1] + [None] * 9),
        (["1.5", "inf", "-1e309"], "number", [1.5, None, None]),
        (["18:00", "19:00"], "category", ["18:00", "19:00"]),
        (["1.2.3", "4.5.6"], "category", ["1.2.3", "4.5.6"]),
    ],
)
def test_kind_of_a_column(cells: list[str], kind: str, values: list[Any]) -> None:
    """A column gets the strictest kind that every cell fits, and keeps its values."""
    column, _ = settled(cells)
    assert KINDS[column.dtype] == kind
    assert column.to_list() == values


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2024-03-31", "2024-04-01"], "2024-03-31T00:00:00+00:00"),
        (["2024-03-31T02:30:00+02:00", "2024-03-31 02:30:00-05:30"], "2024-03-31T00:30:00+00:00"),
        (["2024-03-31T02:30Z"], "2024-03-31T02:30:00+00:00"),
        (["2024-03-31 02:30:00.25", "2024-03-31"], "2024-03-31T02:30:00.250000+00:00"),
        (["31.03.2024"], "2024-03-31T00:00:00+00:00"),
        (["3.4.2024 5:06"], "2024-04-03T05:06:00+00:00"),
        (["31/03/2024", "01/02/2024"], "2024-03-31T00:00:00+00:00"),
        (["03/31/2024", "01/02/2024"], "2024-03-31T00:00:00+00:00"),
        (["2024/03/31"], "2024-03-31T00:00:00+00:00"),
    ],
)
def test_times_are_utc(cells: list[str], first: str) -> None:
    """Each accepted spelling of a time becomes the right instant."""
    column, _ = settled(cells)
    assert column[0].isoformat() == first


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["03/01/2024", "01/02/2024"], "cannot be told apart"),
        (["31/01/2024", "01/31/2024"], "some the month"),
        (["2024-02-30", "2024-01-01"], "no valid time"),
        (["2024-01-01T00:00:00Z", "2024-01-01T00:00:00"], "some have none"),
    ],
)
def test_doubtful_times_stay_text(cells: list[str], reason: str) -> None:
    """A time that would have to be guessed stays a category with a reason, and a forced role is an error."""
    column, note = settled(cells)
    assert column.dtype == pl.String
    assert reason in note
    with pytest.raises(DataError, match="ISO 8601"):
        settle(pl.DataFrame({"x": cells}), Layout(), {"x": FeatureSpec(role="time")})


def test_decimal_commas_and_groups() -> None:
    """With a decimal comma a point is no decimal mark; grouped thousands are read only when asked."""
    assert settled(["1,5", "2"], decimal=",")[0].to_list() == [1.5, 2.0]
    column, note = settled(["1.000", "2.500"], decimal=",")
    assert column.dtype == pl.String
    assert 'role = "number"' in note
    assert settled(["1.000", "2.500,5"], "number", decimal=",")[0].to_list() == [1000.0, 2500.5]
    assert settled(["1,000", "25"], "integer")[0].to_list() == [1000, 25]


def test_the_note_of_a_mostly_numeric_column_is_the_spec_line_that_helps() -> None:
    """Odd cells keep a column a category; the named `missing` line makes it a number."""
    cells = ["1", "2", "3", "off"]
    column, note = settled(cells)
    assert column.dtype == pl.String
    assert "3 of 4 cells are numbers" in note
    assert 'missing = ["", "off"]' in note
    assert settled(cells, missing=("", "off"))[0].to_list() == [1, 2, 3, None]


def test_the_missing_list_of_the_spec_replaces_the_default() -> None:
    """Only listed markers are missing."""
    assert settled(["NA", "-200"], missing=("-200",))[0].to_list() == ["NA", None]


@pytest.mark.parametrize(
    ("role", "cells", "values"),
    [
        ("number", ["1", "2"], [1.0, 2.0]),
        ("number", ["007"], [7.0]),
        ("integer", ["1.0", "2e2"], [1, 200]),
        ("integer", ["9007199254740993"], [9007199254740993]),
        ("category", ["1", "2.50"], ["1", "2.50"]),
        ("boolean", ["Yes", "0", "t", ""], [True, False, True, None]),
        ("ignore", ["1", "2"], [1, 2]),
    ],
)
def test_roles_overrule(role: Role, cells: list[str], values: list[Any]) -> None:
    """A declared role gives the kind that it names."""
    assert settled(cells, role)[0].to_list() == values


@pytest.mark.parametrize(("role", "odd"), [("number", "many"), ("integer", "1.5"), ("boolean", "maybe")])
def test_a_role_that_does_not_fit_is_an_error_with_rows(role: Role, odd: str) -> None:
    """Cells that do not fit are counted and shown with their rows."""
    with pytest.raises(DataError) as caught:
        settled(["1", odd, "0", odd], role)
    assert f"2 cells do not fit the role {role!r} (row 2: {odd!r}, row 4: {odd!r})" in str(caught.value)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_any_64_bit_integer_survives(values: list[int]) -> None:
    """Integers are exact over the whole range."""
    assert settled([str(value) for value in values])[0].to_list() == values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1).filter(lambda v: any(x % 1 for x in v)))
def test_any_double_survives(values: list[float]) -> None:
    """The shortest text of a double is read back as the same double."""
    assert settled([repr(value) for value in values])[0].to_list() == values


def test_native_columns_become_canonical() -> None:
    """Typed columns are widened without loss or noted."""
    frame = pl.DataFrame(
        {
            "u8": pl.Series([1, None], dtype=pl.UInt8),
            "u64": pl.Series([2**63, 1], dtype=pl.UInt64),
            "f32": pl.Series([0.5, float("inf")], dtype=pl.Float32),
            "date": pl.Series(["2024-01-01", None]).str.to_date(),
            "enum": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        }
    )
    got, notes = settle(frame, Layout(), {})
    assert got["u8"].to_list() == [1, None]
    assert got["u64"].to_list() == [str(2**63), "1"]
    assert got["f32"].to_list() == [0.5, None]
    assert set(got.dtypes) <= set(KINDS)
    assert any("'u64' holds integers beyond 64 bits" in note for note in notes)


def test_nothing_left_is_an_error() -> None:
    """A table of lists only cannot be used."""
    with pytest.raises(DataError, match="no column is left"):
        settle(pl.DataFrame({"a": [[1], [2]]}), Layout(), {})


def test_sentences_are_text_and_names_are_not(real_data: Path) -> None:
    """Messages are found to be free text; names, tickets and codes stay categories, and a role overrules it."""
    sms = Data(source=str(real_data / "text" / "sms_spam.tsv.gz"))
    assert [c.kind for c in collect(sms, {}, real_data)[1].columns] == ["category", "text"]
    declared = {"column_2": FeatureSpec(role="category"), "column_1": FeatureSpec(role="text")}
    assert [c.kind for c in collect(sms, declared, real_data)[1].columns] == ["text", "category"]
    titanic = Data(source=str(real_data / "tabular" / "titanic.csv.gz"))
    kinds = {c.name: c.kind for c in collect(titanic, {}, real_data)[1].columns}
    assert {kinds[name] for name in ("Name", "Ticket", "Cabin", "Sex")} == {"category"}
