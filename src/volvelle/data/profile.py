"""Profile: what exploring found in a data set, column by column.

The description of columns is exact: no sampling, no randomness. Findings say themselves where they sampled.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.collect import describe, require_columns
from volvelle.data.finding import Finding
from volvelle.data.records import Column, ColumnKind, Dataset
from volvelle.spec.requirements import Record

Numbers = NDArray[np.float64]
BINS = 12
TOP = 20


class ValueCount(Record, frozen=True):
    """A value and how many rows hold it."""

    value: str
    count: int


class ColumnProfile(Record, frozen=True):
    """One column. Numbers of a time column are seconds since 1970 UTC."""

    name: str
    kind: ColumnKind
    missing: int
    distinct: int
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: float | None = None
    """Sample standard deviation (n - 1)."""
    quartiles: tuple[float, ...] = ()
    """25 %, 50 % and 75 %, linear interpolation."""
    histogram: tuple[int, ...] = ()
    """Rows in 12 bins of equal width from `low` to `high`."""
    top: tuple[ValueCount, ...] = ()
    """The 20 most frequent values of a category or boolean column."""
    constant: bool = False
    identifier: bool = False
    """Text or integers that differ in every row: perhaps a name of the row, not a property."""


class Profile(Record, frozen=True):
    """A data set at a glance."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicates: int
    """Rows that equal an earlier row."""
    target: str
    balance: tuple[ValueCount, ...] = ()
    """Rows by class, most frequent first; empty for a target with more than 20 values."""
    constant: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What a person should know, the gravest first; empty where only described."""


def profile(frame: pl.DataFrame, dataset: Dataset, target: str) -> Profile:
    """Describe every column of a canonical frame; an empty target is none.

    Raises:
        SpecError: no such target; near names are offered.
    """
    require_columns({"[problem] target": [target] if target else []}, frame.columns)
    columns = column_profiles(frame, dataset)
    few = any(c.name == target and c.distinct <= TOP for c in columns)
    return Profile(
        rows=dataset.rows,
        columns=columns,
        duplicates=equal_rows(frame).height,
        target=target,
        balance=_counts(frame[target]) if few else (),
        constant=tuple(c.name for c in columns if c.constant),
        identifiers=tuple(c.name for c in columns if c.identifier and c.name != target),
    )


def column_profiles(frame: pl.DataFrame, dataset: Dataset) -> tuple[ColumnProfile, ...]:
    """The profile of each column; what collecting has counted is not counted again."""
    counted = {column.name: column for column in dataset.columns}
    return tuple(_column(cells, counted.get(cells.name) or describe(cells)) for cells in frame.iter_columns())


def equal_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Position of each row that equals an earlier one (column ``row``), and of that one (``first``).

    >>> equal_rows(pl.DataFrame({"a": [5, 6, 5]})).rows()
    [(2, 0)]
    """
    # Hashes only find candidates, which are then compared cell by cell.
    hashed = pl.DataFrame({"row": pl.int_range(frame.height, eager=True), "hash": frame.hash_rows(seed=0)})
    again = hashed.filter(~hashed["hash"].is_unique()) if frame.height else hashed
    near = frame[again["row"]].with_columns(pl.Series("\0row", again["row"]))
    first = near.select(pl.col("\0row").alias("row"), pl.col("\0row").min().over(frame.columns).alias("first"))
    return first.filter(pl.col("row") != pl.col("first")).sort("row")


def _column(column: pl.Series, found: Column) -> ColumnProfile:
    rows = column.len()
    numeric = found.kind in ("number", "integer", "time") and found.missing < rows
    numbers = _numbers(column, found.kind) if numeric else np.empty(0)
    with np.errstate(over="ignore"):
        mean = _finite(float(numbers.mean())) if numeric else None
        sd = _finite(float(numbers.std(ddof=1))) if len(numbers) > 1 else None
    return ColumnProfile(
        name=found.name,
        kind=found.kind,
        missing=found.missing,
        distinct=found.distinct,
        low=found.low,
        high=found.high,
        mean=mean,
        sd=sd,
        quartiles=_quartiles(numbers) if numeric else (),
        histogram=_histogram(numbers) if numeric else (),
        top=() if found.kind in ("number", "integer", "time") else _counts(column),
        constant=found.distinct + (found.missing > 0) <= 1,
        identifier=found.kind in ("category", "integer") and rows > 10 and found.distinct == rows,
    )


def _numbers(column: pl.Series, kind: ColumnKind) -> Numbers:
    known = column.drop_nulls()
    known = known.dt.timestamp("us") / 1e6 if kind == "time" else known.cast(pl.Float64)
    return np.asarray(known.to_numpy(), dtype=np.float64)


def _scale(numbers: Numbers) -> float:
    """1, or 4 where the two ends lie further apart than the largest double."""
    with np.errstate(over="ignore"):
        return 1.0 if math.isfinite(float(numbers.max() - numbers.min())) else 4.0


def _quartiles(numbers: Numbers) -> tuple[float, ...]:
    scale = _scale(numbers)
    return tuple(float(q) * scale for q in np.quantile(numbers / scale, (0.25, 0.5, 0.75)))


def _histogram(numbers: Numbers) -> tuple[int, ...]:
    scaled = numbers / _scale(numbers)
    low, high = scaled.min(), scaled.max()
    if low == high:
        return (len(numbers),) + (0,) * (BINS - 1)
    bins = np.minimum((scaled - low) / (high - low) * BINS, BINS - 1).astype(np.int64)
    return tuple(int(count) for count in np.bincount(bins, minlength=BINS))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _counts(column: pl.Series) -> tuple[ValueCount, ...]:
    text = column.drop_nulls().cast(pl.String).alias("value")
    counts = text.value_counts().sort(by=["count", "value"], descending=[True, False]).head(TOP)
    return tuple(ValueCount(value=str(value), count=int(count)) for value, count in counts.rows())
