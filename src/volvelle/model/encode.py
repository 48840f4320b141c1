"""Encode rows of any types into the matrices that a model takes.

The same function serves training frames and rows to predict, so both see the same numbers. Text is read
as strictly as in collecting: blanks around a cell do not count, the default markers mean 'missing',
and a cell that is not of its feature's kind is an error, never a guess.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.data.markers import MISSING
from volvelle.data.times import parse_times
from volvelle.errors import DataError, near
from volvelle.model.cells import FALSE, TRUE
from volvelle.model.derive import class_text
from volvelle.model.signature import MISSING_CODE, MISSING_TIME, UNSEEN_CODE, Feature, Signature
from volvelle.model.words import word_codes


def encode(frame: pl.DataFrame, signature: Signature) -> dict[str, NDArray[np.generic]]:
    """``numbers`` float32 ``[n, a]``, and int64 ``codes`` ``[n, b]``, ``times`` ``[n, c]`` and ``words`` ``[n, d]``.

    Columns that the signature does not name are ignored. Numbers that are infinite or beyond float32 are missing.

    Raises:
        DataError: a column is absent, cells are not of their feature's kind, or a value is missing or unseen
            in a feature that refuses this; with the count, example rows (from 1) and values.
    """
    absent = [f.name for f in signature.features if f.name not in frame.columns]
    if absent:
        raise DataError(
            f"{len(absent)} of {len(signature.features)} columns are absent: {', '.join(absent[:10])}",
            next_move=f"for {absent[0]!r}: {near(absent[0], frame.columns)}",
        )
    return {
        "numbers": _numbers(frame, signature.of("numbers")),
        "codes": _stack([_codes(frame[f.name], f) for f in signature.of("codes")], frame.height),
        "times": _stack([_times(frame[f.name], f) for f in signature.of("times")], frame.height),
        "words": _stack([_words(frame[f.name], f) for f in signature.of("words")], frame.height),
    }


def example(signature: Signature) -> dict[str, str | float | int | bool]:
    """One plausible row: the middle of each range, the first category, the earliest time.

    >>> feature = Feature(name="a", kind="number", low=1.0, high=2.0)
    >>> example(Signature(features=(feature,), target="y", task="regression"))
    {'a': 1.5}
    """
    row: dict[str, str | float | int | bool] = {}
    for feature in signature.features:
        low = feature.low if feature.low is not None else 0.0
        middle = low + ((feature.high if feature.high is not None else low) - low) / 2
        if feature.kind == "number":
            short = float(f"{middle:.6g}")
            row[feature.name] = short if low <= short <= 2 * middle - low else middle
        elif feature.kind == "integer":
            row[feature.name] = round(middle)
        elif feature.kind == "boolean":
            row[feature.name] = True
        elif feature.kind == "category":
            row[feature.name] = feature.categories[0] if feature.categories else ""
        elif feature.kind == "text":
            row[feature.name] = "some words"
        else:
            row[feature.name] = datetime.fromtimestamp(int(low), UTC).isoformat().replace("+00:00", "Z")
    return row


def _numbers(frame: pl.DataFrame, features: tuple[Feature, ...]) -> NDArray[np.generic]:
    made = np.empty((frame.height, len(features)), dtype=np.float32)
    for position, feature in enumerate(features):
        cells = frame[feature.name]
        with np.errstate(over="ignore"):
            column = _as_float(cells, feature).to_numpy().astype(np.float32)
        column[~np.isfinite(column)] = np.nan
        if feature.bounded:
            low, high = _bound(feature.low, -np.inf), _bound(feature.high, np.inf)
            column[(column < low) | (column > high)] = np.nan
        if feature.missing == "refuse":
            _refuse(np.isnan(column), cells, feature, "missing values, which this feature refuses")
        made[:, position] = column
    return made


def _bound(value: float | None, absent: float) -> np.float32:
    """A bound in the cells' own precision: a cell that equals it stays valid."""
    return np.float32(absent if value is None else value)


def _as_float(cells: pl.Series, feature: Feature) -> pl.Series:
    dtype = cells.dtype
    if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
        return cells.cast(pl.Float64)
    text = _text(cells, feature)
    numbers = text.cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() & text.is_not_null()).to_numpy()
    _refuse(wrong, cells, feature, "cells that are no numbers")
    return numbers


def _codes(cells: pl.Series, feature: Feature) -> NDArray[np.int64]:
    text = _flag_text(cells, feature) if feature.kind == "boolean" else _text(cells, feature)
    codes = text.replace_strict(
        list(feature.categories), list(range(len(feature.categories))), default=UNSEEN_CODE, return_dtype=pl.Int64
    )
    made = np.where(text.is_null().to_numpy(), MISSING_CODE, codes.fill_null(MISSING_CODE).to_numpy())
    if feature.missing == "refuse":
        _refuse(made == MISSING_CODE, cells, feature, "missing values, which this feature refuses")
    if feature.unseen == "refuse":
        _refuse(made == UNSEEN_CODE, cells, feature, "categories that training never saw, which this feature refuses")
    return made.astype(np.int64)


def _words(cells: pl.Series, feature: Feature) -> NDArray[np.int64]:
    text = _text(cells, feature)
    if feature.missing == "refuse":
        _refuse(text.is_null().to_numpy(), cells, feature, "missing values, which this feature refuses")
    return word_codes(text.cast(pl.String), feature.length)


def _flag_text(cells: pl.Series, feature: Feature) -> pl.Series:
    text = _text(cells, feature).str.to_lowercase()
    word = pl.col("x")
    flag = pl.when(word.is_in(list(TRUE))).then(pl.lit("true")).when(word.is_in(list(FALSE))).then(pl.lit("false"))
    made = text.to_frame("x").select(flag.alias("x")).to_series()
    wrong = (made.is_null() & text.is_not_null()).to_numpy()
    _refuse(wrong, cells, feature, "cells that are neither true nor false")
    return made


def _times(cells: pl.Series, feature: Feature) -> NDArray[np.int64]:
    dtype = cells.dtype
    if dtype.is_integer():
        seconds = cells.cast(pl.Int64)
    elif dtype in (pl.Date, pl.Datetime):
        seconds = _seconds(cells)
    else:
        text = _text(cells, feature)
        times, reason = parse_times(text)
        if times is None and text.null_count() < text.len():
            raise DataError(
                f"{reason}, e.g. {text.drop_nulls()[0]!r}",
                where=f"column {feature.name!r}",
                next_move="write times as ISO 8601, e.g. 2024-03-31T14:30:00Z",
            )
        seconds = pl.Series([None] * text.len(), dtype=pl.Int64) if times is None else _seconds(times)
    missing = seconds.is_null().to_numpy()
    if feature.missing == "refuse":
        _refuse(missing, cells, feature, "missing values, which this feature refuses")
    return np.asarray(seconds.fill_null(MISSING_TIME).to_numpy(), dtype=np.int64)


def _seconds(times: pl.Series) -> pl.Series:
    """Whole seconds since 1970 UTC; the physical value of a zoned time is UTC already."""
    stamps = times.cast(pl.Datetime("us")) if times.dtype == pl.Date else times
    return stamps.dt.timestamp("us") // 1_000_000


def _text(cells: pl.Series, feature: Feature) -> pl.Series:
    """Cells as text without blanks around them, markers made null; whole numbers without a point."""
    dtype = cells.dtype
    if dtype.is_float():
        finite = pl.when(pl.col("x").is_finite()).then(pl.col("x"))
        return class_text(cells.alias("x").to_frame().select(finite.alias("x")).to_series())
    if dtype.is_integer() or dtype in (pl.Boolean, pl.Null):
        return cells.cast(pl.String)
    if dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum)):
        stripped = pl.col("x").cast(pl.String).str.strip_chars()
        # A spec may have made a usual marker, such as "NA", one of the categories.
        markers = [marker for marker in MISSING if marker not in feature.categories]
        known = pl.when(~stripped.is_in(markers)).then(stripped)
        return cells.to_frame("x").select(known.alias("x")).to_series()
    raise DataError(
        f"values of type {dtype} cannot be a {feature.kind}",
        where=f"column {feature.name!r}",
        next_move="give plain text, numbers, booleans or times",
    )


def _refuse(wrong: NDArray[np.bool_], cells: pl.Series, feature: Feature, what: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        shown = ", ".join(f"row {int(r) + 1}: {cells[int(r)]!r}" for r in rows[:3])
        raise DataError(
            f"{len(rows)} {what} ({shown})",
            where=f"column {feature.name!r}",
            next_move=f"this column takes {_takes(feature)}",
        )


def _takes(feature: Feature) -> str:
    if feature.kind == "category":
        shown = ", ".join(repr(name) for name in feature.categories[:5])
        return f"the categories {shown}" + (" ..." if len(feature.categories) > 5 else "")
    return {"boolean": "true and false", "time": "times", "text": "text"}.get(feature.kind, "numbers")


def _stack(columns: list[NDArray[np.int64]], rows: int) -> NDArray[np.generic]:
    return np.column_stack(columns) if columns else np.empty((rows, 0), dtype=np.int64)
