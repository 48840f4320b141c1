"""Columns of Python values, as JSON and database drivers hand them on.

A column whose values have several types becomes text, cell by cell as it was written, and a note counts
the types; nothing is converted in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from volvelle.errors import DataError

_NAMES = {
    str: "texts",
    int: "integers",
    float: "numbers",
    bool: "booleans",
    dict: "records",
    list: "lists",
    tuple: "lists",
    bytes: "bytes",
    date: "dates",
    datetime: "times",
    time: "times of day",
    timedelta: "durations",
    Decimal: "decimals",
}
_NESTED = (dict, list, tuple, bytes)
_EXACT = 2**53
_INT64 = 2**63


def column_of(name: str, values: Sequence[Any]) -> tuple[pl.Series | None, str]:
    """The column, or None when it is set aside, and a note.

    >>> column_of("a", [1, None, 2.5])[0].to_list(), column_of("a", [1, "x"])[1]
    ([1.0, None, 2.5], "column 'a' holds 1 integers and 1 texts; read as text")
    """
    counts = Counter(map(type, values))
    counts.pop(type(None), 0)
    kinds = set(counts)
    listed = " and ".join(f"{count} {_NAMES.get(kind, kind.__name__)}" for kind, count in counts.most_common())
    if kinds & set(_NESTED):
        return None, f"column {name!r} holds {listed} and was set aside"
    if kinds == {bool} or kinds == {str} or not kinds:
        return pl.Series(name, values, dtype=pl.Boolean if bool in kinds else pl.String), ""
    if kinds == {int}:
        fits = all(v is None or -_INT64 <= v < _INT64 for v in values)
        return pl.Series(name, values if fits else _texts(values), dtype=pl.Int64 if fits else pl.String), ""
    if kinds <= {int, float}:
        exact = kinds == {float} or all(not isinstance(v, int) or abs(v) <= _EXACT for v in values)
        return pl.Series(name, values if exact else _texts(values), dtype=pl.Float64 if exact else pl.String), ""
    if kinds <= {date} or kinds <= {datetime} or kinds <= {timedelta}:
        return pl.Series(name, values), ""
    note = "" if len(kinds) == 1 else f"column {name!r} holds {listed}; read as text"
    return pl.Series(name, _texts(values), dtype=pl.String), note


def frame_of(columns: Mapping[str, Sequence[Any]]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """All columns that are not set aside, and the notes."""
    made, notes = [], []
    for name, values in columns.items():
        column, note = column_of(name, values)
        if column is not None:
            made.append(column)
        if note:
            notes.append(note)
    return pl.DataFrame(made), tuple(notes)


def alike(block: pl.DataFrame, kinds: dict[str, pl.DataType]) -> pl.DataFrame:
    """A block of rows with the types of the blocks before it, which `kinds` keeps.

    >>> kinds = {}
    >>> [alike(pl.DataFrame({"a": cells}), kinds)["a"].to_list() for cells in ([1.5], [None], [2])]
    [[1.5], [None], [2.0]]

    Raises:
        DataError: a column has turned into another type.
    """
    made = []
    for cells in block:
        kind = kinds.setdefault(cells.name, cells.dtype)
        if cells.dtype != kind and cells.null_count() == len(cells):
            cells = pl.Series(cells.name, [None] * len(cells), dtype=kind)
        elif cells.dtype != kind and (kind == pl.String or (kind == pl.Float64 and cells.dtype == pl.Int64)):
            cells = cells.cast(kind)
        if cells.dtype != kind:
            problem = f"column {cells.name!r} begins as {kind} and goes on as {cells.dtype}"
            raise DataError(problem, where="[data] query", next_move=f"CAST {cells.name!r} in the query")
        made.append(cells)
    return pl.DataFrame(made)


def _texts(values: Sequence[Any]) -> list[str | None]:
    return [None if v is None else v if isinstance(v, str) else _text(v) for v in values]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, (int, float)) else str(value)
