"""Text becomes numbers, integers, categories, booleans or times: strictly, and without loss.

A column is a number only if every cell that is not missing is one; codes with leading zeros and
integers beyond 64 bits stay text; nothing is made missing but the listed markers and cells that are
infinite or not a number; a marker that the spec declares as a category of a column is an answer there.
What a reader might have expected otherwise is a note that names the line of the spec which changes it.
A role in the spec overrules all of this, and is an error where cells do not fit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from volvelle.data.markers import MISSING
from volvelle.data.natives import from_native
from volvelle.data.records import ColumnKind, Layout
from volvelle.data.times import LOOKS_LIKE_TIME, UTC, parse_times
from volvelle.errors import DataError
from volvelle.spec.requirements import FeatureSpec

KINDS: dict[Any, ColumnKind] = {
    pl.Float64: "number",
    pl.Int64: "integer",
    pl.String: "category",
    pl.Boolean: "boolean",
    UTC: "time",
}
_LEADING_ZERO = r"^[+-]?0\d"
_GROUPED = {
    ".": r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$",
    ",": r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$",
}
_TRUE, _FALSE = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")
_EXACT = float(2**53)
_LOOKED, _FEWEST, _SENTENCE = 2_000, 20, 5
_COUNTED = re.compile(r"""\d+ x ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


def settle(
    frame: pl.DataFrame, layout: Layout, features: Mapping[str, FeatureSpec]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The canonical frame (see `KINDS`) and notes.

    >>> frame, notes = settle(pl.DataFrame({"a": ["1", " 2"], "b": ["007", "?"]}), Layout(), {})
    >>> frame.rows()
    [(1, '007'), (2, None)]

    Raises:
        DataError: cells do not fit the role that the spec gives their column.
    """
    answers = {name: declared.categories for name, declared in features.items()}
    frame, notes = _without_markers(frame, MISSING if layout.missing is None else layout.missing, answers)
    decimal = layout.decimal or "."
    done: list[pl.Series] = []
    for column in frame.iter_columns():
        role = features[column.name].role if column.name in features else None
        settled, note = _settle_one(column, None if role == "ignore" else role, decimal)
        if note:
            notes.append(f"column {column.name!r} {note}")
        if settled is not None:
            done.append(settled.alias(column.name))
    if not done:
        raise DataError("no column is left: every one was set aside", next_move="; ".join(notes[:3]))
    return pl.DataFrame(done), tuple(notes)


def looks_like_text(cells: pl.Series) -> bool:
    """Whether a text column holds sentences, not names: most cells differ, and have five words and more on average.

    >>> looks_like_text(pl.Series([f"the pump in hall {n} ran hot again" for n in range(50)]))
    True
    >>> looks_like_text(pl.Series([f"Hall {n}" for n in range(50)]))
    False
    """
    known = cells.drop_nulls().head(_LOOKED)
    if cells.dtype != pl.String or len(known) < _FEWEST or known.n_unique() < len(known) / 2:
        return False
    return float(known.str.count_matches(r"\w+").mean() or 0.0) >= _SENTENCE  # type: ignore[arg-type]


def _without_markers(
    frame: pl.DataFrame, markers: tuple[str, ...], answers: Mapping[str, tuple[str, ...]]
) -> tuple[pl.DataFrame, list[str]]:
    """Text cells stripped of blanks, markers made null unless they are answers, and notes that count both."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if not texts:
        return frame, []
    stripped = frame.with_columns(pl.col(texts).str.strip_chars())
    clean = stripped.with_columns(
        pl.when(~pl.col(name).is_in([m for m in markers if m not in answers.get(name, ())])).then(pl.col(name))
        for name in texts
    )
    notes = []
    padded = [name for name in texts if not stripped[name].equals(frame[name])]
    if padded:
        notes.append(f"blanks around cells were removed in {len(padded)} columns, e.g. {padded[0]!r}")
    for name in texts:
        if clean[name].null_count() > frame[name].null_count():
            lost = stripped[name].filter(clean[name].is_null() & stripped[name].is_not_null())
            counts = lost.value_counts(sort=True).rows()
            shown = ", ".join(f"{count} x {marker!r}" for marker, count in sorted(counts))
            notes.append(f"column {name!r} has {len(lost)} missing cells: {shown}")
    return clean, notes


def markers_in(notes: Iterable[str], column: str) -> tuple[str, ...]:
    """The markers that were made missing in a column, as the notes of `settle` list them.

    >>> markers_in(settle(pl.DataFrame({"a": ["NA", "x"]}), Layout(), {})[1], "a")
    ('NA',)
    """
    head = f"column {column!r} has "
    lists = [note.partition(" missing cells: ")[2] for note in notes if note.startswith(head)]
    return tuple(str(ast.literal_eval(text)) for listed in lists for text in _COUNTED.findall(listed))


def _settle_one(column: pl.Series, role: str | None, decimal: str) -> tuple[pl.Series | None, str]:
    native, note = from_native(column)
    if native is None:
        return None, f"{note} and was set aside"
    if role is None:
        return _find(native, decimal) if column.dtype == pl.String else (native, note)
    if KINDS[native.dtype] == role:
        return native, note
    text = native if native.dtype == pl.String else native.cast(pl.String)
    return _force(text, role, decimal)


def _find(cells: pl.Series, decimal: str) -> tuple[pl.Series, str]:
    """The strictest kind that every cell fits."""
    known = cells.len() - cells.null_count()
    if not known:
        return cells, "is missing everywhere"
    numbers = _numbers(cells, decimal)
    fitting = numbers.len() - numbers.null_count()
    if fitting == known:
        return _number_kind(cells, numbers)
    sample = cells.drop_nulls().head(20)
    if fitting == 0 and sample.str.to_lowercase().is_in(["true", "false"]).all():
        flags = _flags(cells, ("true",), ("false",))
        if flags.null_count() == cells.null_count():
            return flags, ""
    if sample.str.contains(LOOKS_LIKE_TIME).all():
        times, note = parse_times(cells)
        return (times, note) if times is not None else (cells, f"looks like times but stays a category: {note}")
    if sample.str.contains(_GROUPED[decimal]).any() and _grouped(cells, decimal) is not None:
        return cells, 'looks like numbers with grouped thousands; to read them so set its role = "number"'
    if fitting >= known / 2:
        return cells, _mostly_numeric(cells, numbers, known)
    return cells, ""


def _numbers(cells: pl.Series, decimal: str) -> pl.Series:
    """Float64; null where a cell is not a plain number."""
    if decimal == ",":
        frame = cells.to_frame("x")
        plain = pl.when(~pl.col("x").str.contains(".", literal=True)).then(pl.col("x"))
        cells = frame.select(plain.str.replace(",", ".", literal=True)).to_series()
    return cells.cast(pl.Float64, strict=False)


def _number_kind(cells: pl.Series, numbers: pl.Series) -> tuple[pl.Series, str]:
    whole = cells.cast(pl.Int64, strict=False)
    if bool(cells.str.contains(_LEADING_ZERO).any()):
        return cells, "has codes with leading zeros and stays a category"
    if whole.null_count() == cells.null_count():
        return whole, ""
    if bool(cells.str.contains(r"^[+-]?\d+$").all()):
        return cells, "has integers beyond 64 bits and stays a category"
    finite, note = from_native(numbers)
    rounded = int((numbers.is_finite() & (numbers.abs() > _EXACT)).sum() or 0)
    if rounded:
        note = "; ".join([*filter(None, [note]), f"has {rounded} numbers beyond 2^53, rounded to the nearest double"])
    return (numbers if finite is None else finite), note


def _flags(cells: pl.Series, true: tuple[str, ...], false: tuple[str, ...]) -> pl.Series:
    lower = pl.col("x").str.to_lowercase()
    flag = pl.when(lower.is_in(list(true))).then(True).when(lower.is_in(list(false))).then(False)
    return cells.to_frame("x").select(flag).to_series()


def _grouped(cells: pl.Series, decimal: str) -> pl.Series | None:
    """Numbers whose thousands are grouped; None unless every cell is plain or grouped."""
    mark = "," if decimal == "." else "."
    grouped = pl.col("x").str.contains(_GROUPED[decimal])
    text = pl.when(grouped).then(pl.col("x").str.replace_all(mark, "", literal=True)).otherwise(pl.col("x"))
    numbers = _numbers(cells.to_frame("x").select(text).to_series(), decimal)
    return numbers if numbers.null_count() == cells.null_count() else None


def _mostly_numeric(cells: pl.Series, numbers: pl.Series, known: int) -> str:
    odd = cells.filter(numbers.is_null() & cells.is_not_null())
    counts = odd.value_counts(sort=True).sort(by=["count", odd.name], descending=[True, False])
    examples = [str(value) for value in counts[odd.name].head(3)]
    listed = ", ".join(repr(value) for value in examples)
    spec = ", ".join("'" + value + "'" if '"' in value else '"' + value + '"' for value in ["", *examples])
    more = ", ..." if len(counts) > len(examples) else ""
    return (
        f"stays a category: {known - len(odd)} of {known} cells are numbers, {len(odd)} are not, e.g. {listed}; "
        f"if those mean 'missing' set [data] missing = [{spec}{more}]"
    )


def _force(cells: pl.Series, role: str, decimal: str) -> tuple[pl.Series, str]:
    if role in ("category", "text"):
        return cells, ""
    if role == "time":
        return _force_time(cells)
    if role == "boolean":
        flags = _flags(cells, _TRUE, _FALSE)
        _refuse_unfit(cells, flags, role)
        return flags, ""
    grouped = _grouped(cells, decimal)
    numbers = _numbers(cells, decimal) if grouped is None else grouped
    _refuse_unfit(cells, numbers, role)
    finite, note = from_native(numbers)
    numbers = numbers if finite is None else finite
    if role == "number":
        return numbers, note
    whole = cells.cast(pl.Int64, strict=False)
    if whole.null_count() > cells.null_count():
        _refuse_unfit(cells, numbers.to_frame("x").select(_exactly_whole()).to_series(), role)
        whole = numbers.cast(pl.Int64)
    return whole, note


def _exactly_whole() -> pl.Expr:
    number = pl.col("x")
    return pl.when((number == number.floor()) & (number.abs() <= _EXACT)).then(number)


def _force_time(cells: pl.Series) -> tuple[pl.Series, str]:
    stamps = cells.cast(pl.Int64, strict=False)
    if stamps.null_count() == cells.null_count() and stamps.drop_nulls().len():
        fine = bool((stamps.abs() >= 10**11).any())
        micro = stamps * (1000 if fine else 1_000_000)
        return micro.cast(UTC), f"is read as {'milli' if fine else ''}seconds since 1970 UTC"
    times, note = parse_times(cells)
    if times is None and cells.null_count() < cells.len():
        raise DataError(
            f"the role 'time' does not fit: {note}",
            where=f"column {cells.name!r}",
            next_move="write times as ISO 8601, e.g. 2024-03-31T14:30:00Z, or take the role away",
        )
    return (cells.cast(UTC) if times is None else times), note if times is not None else ""


def _refuse_unfit(cells: pl.Series, made: pl.Series, role: str) -> None:
    odd = (made.is_null() & cells.is_not_null()).arg_true()
    if not len(odd):
        return
    shown = ", ".join(f"row {int(i) + 1}: {cells[int(i)]!r}" for i in odd.head(3))
    first = str(cells[int(odd[0])]).replace('"', "'")
    raise DataError(
        f"{len(odd)} cells do not fit the role {role!r} ({shown})",
        where=f"column {cells.name!r}",
        next_move=f'correct them, add them to [data] missing = ["", "{first}"], or take the role away',
    )
