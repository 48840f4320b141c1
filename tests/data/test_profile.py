"""Profile: numbers checked by hand."""

from __future__ import annotations

import polars as pl
import pytest

from volvelle.data.collect import describe
from volvelle.data.profile import Profile, profile
from volvelle.data.records import Dataset
from volvelle.errors import SpecError


def profiled(frame: pl.DataFrame, target: str) -> Profile:
    columns = tuple(describe(column) for column in frame.iter_columns())
    return profile(frame, Dataset(version="", rows=frame.height, columns=columns, source="", origins=()), target)


def test_numbers_are_described() -> None:
    """Mean, deviation, quartiles and histogram of 0..12 are the textbook ones."""
    frame = pl.DataFrame({"x": [float(i) for i in range(13)] + [None], "y": ["a"] * 10 + ["b"] * 4})
    found = profiled(frame, "y")
    x = found.columns[0]
    assert (x.low, x.high, x.mean, x.quartiles, x.missing) == (0.0, 12.0, 6.0, (3.0, 6.0, 9.0), 1)
    assert x.sd == pytest.approx(3.8944405)
    assert x.histogram == (1,) * 11 + (2,)
    assert [(b.value, b.count) for b in found.balance] == [("a", 10), ("b", 4)]


def test_constant_duplicate_and_identifier_columns_are_named() -> None:
    """Twelve rows: one column constant, one an identifier; without it rows repeat."""
    frame = pl.DataFrame({"one": [1] * 12, "id": [f"r{i}" for i in range(12)], "y": [0, 1] * 6})
    found = profiled(frame, "y")
    assert (found.constant, found.identifiers, found.duplicates) == (("one",), ("id",), 0)
    assert profiled(frame.drop("id"), "y").duplicates == 10


def test_extremes_do_not_break_it() -> None:
    """The largest doubles, a missing column and a single row are described."""
    frame = pl.DataFrame({"x": [1.7e308, -1.7e308], "e": pl.Series([None, None], dtype=pl.String), "y": [0, 1]})
    found = profiled(frame, "y")
    assert sum(found.columns[0].histogram) == 2
    assert found.columns[0].sd is None
    assert found.columns[1].constant
    assert profiled(frame.head(1), "y").columns[0].histogram == (1,) + (0,) * 11


def test_an_absent_target_is_refused() -> None:
    """A misspelt target is answered with the near name."""
    with pytest.raises(SpecError, match="no column 'Y'"):
        profiled(pl.DataFrame({"y": [1]}), "Y")
