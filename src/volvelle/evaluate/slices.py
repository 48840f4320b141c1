"""Rows that meet the conditions of a slice.

A missing cell meets no condition, not even ``!=``. Texts are compared exactly; a boolean column with
'true' or 'false'; a time column with an ISO 8601 text, read as UTC; a text column that holds only
numbers also with a number.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.errors import SpecError, near
from volvelle.spec.gates import Condition, slice_text

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MOST_VALUES, BANDS = 20, 4


def rows(frame: pl.DataFrame, where: tuple[Condition, ...]) -> NDArray[np.bool_]:
    """Which rows of `frame` meet all conditions; all rows where there is no condition.

    Raises:
        SpecError: a column is unknown (near names are offered), or a value does not fit its type.
    """
    chosen = np.ones(frame.height, dtype=np.bool_)
    for condition in where:
        if condition.column not in frame.columns:
            raise SpecError(
                f"no column is called {condition.column!r}",
                where=f"slice {slice_text(where)}",
                next_move=near(condition.column, frame.columns),
            )
        chosen &= _meets(frame[condition.column], condition)
    return chosen


def values(frame: pl.DataFrame, column: str) -> list[tuple[Condition, ...]]:
    """Slices that show one column value by value, most frequent first, at most 20.

    A number column of more than 20 values is cut into four bands of about as many rows.

    Raises:
        SpecError: the column is unknown.
    """
    if column not in frame.columns:
        raise SpecError(f"no column is called {column!r}", next_move=near(column, frame.columns))
    cells = frame[column].drop_nulls()
    cells = cells.drop_nans() if cells.dtype.is_float() else cells
    if cells.dtype.is_numeric() and cells.n_unique() > MOST_VALUES:
        return _bands(cells, column)
    counted = cells.rename("value").value_counts(name="rows").sort(["rows", "value"], descending=[True, False])
    found = counted["value"].head(MOST_VALUES).to_list()
    return [(Condition(column=column, comparison="=", values=(_literal(v),)),) for v in found]


def _bands(cells: pl.Series, column: str) -> list[tuple[Condition, ...]]:
    numbers = cells.cast(pl.Float64).to_numpy()
    # Edges are written with four digits, so the slice in print is the slice that was measured.
    edges = sorted({float(f"{e:.4g}") for e in np.quantile(numbers, np.arange(1, BANDS) / BANDS)})
    lows = [None, *edges]
    found: list[tuple[Condition, ...]] = []
    for low, high in zip(lows, [*edges, None], strict=True):
        above = () if low is None else (Condition(column=column, comparison=">=", values=(low,)),)
        below = () if high is None else (Condition(column=column, comparison="<", values=(high,)),)
        found.append((*above, *below))
    return found


def _literal(value: Any) -> str | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else float(value)


def _meets(cells: pl.Series, condition: Condition) -> NDArray[np.bool_]:
    wanted = [_as_cell(cells, value, condition) for value in condition.values]
    numbers = any(isinstance(v, float) for v in wanted)
    series = cells.cast(pl.Float64, strict=False) if numbers else cells
    if series.dtype == pl.Float64:
        series = series.fill_nan(None)
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    compare = operator.eq if condition.comparison == "in" else _COMPARE[condition.comparison]
    found = np.zeros(len(cells), dtype=np.bool_)
    for value in wanted:
        found |= compare(series, value).fill_null(False).to_numpy()
    return found


def _as_cell(cells: pl.Series, value: str | float, condition: Condition) -> Any:
    """The value of a condition as a cell of the column would be."""
    kind = cells.dtype
    ordered = condition.comparison in ("<", "<=", ">", ">=")
    if kind == pl.Boolean:
        if not ordered and str(value).casefold() in ("true", "false", "1.0", "0.0"):
            return str(value).casefold() in ("true", "1.0")
        _refuse(condition, value, "boolean", "compare it with = 'true' or = 'false'")
    if kind.is_temporal():
        return _moment(kind, value, condition)
    if kind.is_numeric():
        if isinstance(value, float | int):
            return float(value)
        _refuse(condition, value, "number", f"write the number without quotes, e.g. {condition.column} >= 1")
    if isinstance(value, str):
        if ordered:
            _refuse(condition, value, "text", "texts have no order here; use =, != or in (...)")
        return value
    held = cells.cast(pl.String).drop_nulls()
    if len(held) and held.cast(pl.Float64, strict=False).null_count():
        _refuse(condition, value, "text", f"put the value in single quotes: '{value:g}'")
    return float(value)


def _moment(kind: pl.DataType, value: str | float, condition: Condition) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        _refuse(condition, value, "time", "write it as '2024-03-01' or '2024-03-01T12:00:00+00:00'")
    aware = isinstance(kind, pl.Datetime) and kind.time_zone is not None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if aware else moment.astimezone(UTC).replace(tzinfo=None)


def _refuse(condition: Condition, value: str | float, kind: str, advice: str) -> NoReturn:
    what = "text" if isinstance(value, str) else "number"
    raise SpecError(
        f"{condition.column!r} is a {kind} column and cannot be compared by {condition.comparison} "
        f"with the {what} {value!r}",
        where=f"slice {slice_text((condition,))}",
        next_move=advice,
    )
