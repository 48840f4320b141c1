"""Columns that arrive with a type of their own become one of the five kinds, or are set aside.

A conversion that could lose something is made only where it loses nothing, or is noted.
"""

from __future__ import annotations

import polars as pl

from volvelle.data.times import UTC


def from_native(column: pl.Series) -> tuple[pl.Series | None, str]:
    """The column as Int64, Float64, Boolean, Datetime or String, and a note; None when it is set aside.

    >>> from_native(pl.Series("a", [1, 2], dtype=pl.UInt8))[0].dtype
    Int64
    >>> from_native(pl.Series("a", [[1], []]))
    (None, 'holds lists')
    """
    dtype = column.dtype
    if dtype in (pl.Boolean, pl.String):
        return column, ""
    if dtype == pl.Null:
        return column.cast(pl.String), "is missing everywhere"
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return column.cast(pl.String), ""
    if dtype.is_integer():
        return _integer(column)
    if dtype.is_float():
        return _finite(column.cast(pl.Float64))
    if dtype.is_decimal():
        return _decimal(column)
    if dtype in (pl.Date, pl.Datetime):
        return _time(column)
    if dtype == pl.Duration:
        return column.dt.total_microseconds().cast(pl.Float64) / 1e6, "durations are given in seconds"
    names = {pl.Time: "times of day", pl.Binary: "bytes", pl.List: "lists", pl.Array: "arrays", pl.Struct: "records"}
    return None, f"holds {next((text for kind, text in names.items() if dtype == kind), f'values of type {dtype}')}"


def _integer(column: pl.Series) -> tuple[pl.Series | None, str]:
    whole = column.cast(pl.Int64, strict=False)
    if whole.null_count() > column.null_count():
        return column.cast(pl.String), "holds integers beyond 64 bits and is kept as a category"
    return whole, ""


def _finite(column: pl.Series) -> tuple[pl.Series, str]:
    bad = column.is_nan() | column.is_infinite()
    count = int(bad.sum() or 0)
    if not count:
        return column, ""
    kept = column.to_frame("x").select(pl.when(pl.col("x").is_finite()).then(pl.col("x"))).to_series()
    return kept.alias(column.name), f"has {count} cells that are infinite or not a number; they count as missing"


def _decimal(column: pl.Series) -> tuple[pl.Series | None, str]:
    numbers = column.cast(pl.Float64)
    back = numbers.cast(column.dtype, strict=False)
    lossless = bool((back == column).all()) and back.null_count() == column.null_count()
    return numbers, "" if lossless else "holds decimals with more digits than a double; rounded to the nearest double"


def _time(column: pl.Series) -> tuple[pl.Series | None, str]:
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return column.dt.convert_time_zone("UTC").cast(UTC), _loss(column)
    naive = column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    note = "" if dtype == pl.Date else "has no time zone: read as UTC"
    return naive, "; ".join(part for part in (note, _loss(column)) if part)


def _loss(column: pl.Series) -> str:
    dtype = column.dtype
    if not isinstance(dtype, pl.Datetime) or dtype.time_unit != "ns":
        return ""
    lost = int((column.dt.nanosecond() % 1000 != 0).sum() or 0)
    return f"has {lost} cells finer than a microsecond; cut to microseconds" if lost else ""
