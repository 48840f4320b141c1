"""Times written as text become UTC microseconds; never guessed.

ISO 8601 with or without time and offset (RFC 3339 and its blank instead of T), and day-month-year or
month-day-year only where the column itself proves the order.
"""

from __future__ import annotations

import polars as pl

UTC = pl.Datetime("us", "UTC")
LOOKS_LIKE_TIME = r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([T ]|$)"
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_ZONE = r":\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$"
_PARTS = r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4})( \d{1,2}:\d{2}(:\d{2})?)?$"
_YEAR_FIRST = r"^\d{4}[/.]\d{1,2}[/.]\d{1,2}( \d{1,2}:\d{2}(:\d{2})?)?$"


def parse_times(cells: pl.Series) -> tuple[pl.Series | None, str]:
    """Times of all cells and a note, or None and the reason. Missing cells stay missing.

    >>> parse_times(pl.Series(["13/01/2024", "01/02/2024"]))[0].dt.month().to_list()
    [1, 2]
    >>> parse_times(pl.Series(["03/01/2024", "01/02/2024"]))
    (None, 'day and month cannot be told apart')
    """
    known = cells.drop_nulls()
    if not len(known):
        return None, "no value"
    if known.str.contains(_ISO).all():
        return _iso(cells, known)
    if known.str.contains(_YEAR_FIRST).all():
        return _by_format(cells, known, "%Y-%m-%d", "is read as year/month/day")
    if known.str.contains(_PARTS).all():
        return _ordered(cells, known)
    return None, "not every cell is a time in one format"


def _iso(cells: pl.Series, known: pl.Series) -> tuple[pl.Series | None, str]:
    if (known.str.len_bytes() == 10).all():
        return _finish(cells, cells.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")))
    zoned = known.str.contains(_ZONE)
    if zoned.any() and not zoned.all():
        return None, "some cells have a UTC offset and some have none"
    text = cells.str.replace(" ", "T", literal=True)
    text = text.str.replace(r"^(\d{4}-\d{2}-\d{2})$", "${1}T00:00:00")
    text = text.str.replace(r"T(\d{2}:\d{2})(Z|[+-]|$)", "T${1}:00${2}").str.replace(r"Z$", "+00:00")
    if zoned.any():
        times = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
        return _finish(cells, times.dt.convert_time_zone("UTC"))
    times = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    return _finish(cells, times, "has no UTC offset: read as UTC")


def _ordered(cells: pl.Series, known: pl.Series) -> tuple[pl.Series | None, str]:
    first = known.str.extract(_PARTS, 1).cast(pl.Int32)
    second = known.str.extract(_PARTS, 2).cast(pl.Int32)
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    dotted = known.str.contains(r"^\d{1,2}\.\d{1,2}\.").all()
    if day_first and month_first:
        return None, "some cells have the day first and some the month"
    if dotted and not month_first:
        return _by_format(cells, known, "%d-%m-%Y", "is read as day.month.year")
    if not day_first and not month_first:
        return None, "day and month cannot be told apart"
    return _by_format(
        cells,
        known,
        "%d-%m-%Y" if day_first else "%m-%d-%Y",
        "is read as day/month/year" if day_first else "is read as month/day/year",
    )


def _by_format(cells: pl.Series, known: pl.Series, form: str, note: str) -> tuple[pl.Series | None, str]:
    text = cells.str.replace_all(r"[/.]", "-")
    clock = known.str.contains(" ", literal=True)
    if not clock.any():
        return _finish(cells, text.str.to_date(form, strict=False).cast(pl.Datetime("us")), note)
    text = text.str.replace(r"^([^ ]+)$", "${1} 00:00:00").str.replace(r" (\d{1,2}:\d{2})$", " ${1}:00")
    times = text.str.to_datetime(form + " %H:%M:%S", time_unit="us", strict=False)
    return _finish(cells, times, f"{note}; it has no UTC offset: read as UTC")


def _finish(cells: pl.Series, times: pl.Series, note: str = "") -> tuple[pl.Series | None, str]:
    wrong = cells.filter(times.is_null() & cells.is_not_null())
    if len(wrong):
        return None, f"{len(wrong)} cells are no valid time, e.g. {wrong[0]!r}"
    dtype = times.dtype
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        times = times.dt.replace_time_zone("UTC")
    return times.cast(UTC), note
