"""Excel: one sheet of a workbook (.xlsx, .xlsm, .xlsb, .ods), chosen by ``book.xlsx#Sheet``.

Without a sheet name the one sheet that holds a table is read. The header is the first row that is as full as
the table below it; ``book.xlsx#Sheet!B3`` says in which cell it begins. What was found is noted. Cells that hold
an error (``#DIV/0!``) count as missing; a note counts them, except in .xlsb and .ods. A formula counts by the
value that was saved with it. A workbook that unpacks to far more than its size, and a sheet (but of .xlsb and .ods)
with a huge empty middle, are refused before they take the memory.

>>> SUFFIXES[0], _place("Data 2024!B3")
('.xlsx', ('Data 2024', 1, 2))
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from volvelle.data.contract import Read
from volvelle.data.names import name_columns, without_hollow_end
from volvelle.data.raw import read_file
from volvelle.data.records import Layout
from volvelle.data.sniff import has_header
from volvelle.data.worksheet import cell_errors, column_number, refuse_bomb, refuse_hollow
from volvelle.errors import DataError, near

SUFFIXES: tuple[str, ...] = (".xlsx", ".xlsm", ".xlsb", ".ods")
SCHEMES: tuple[str, ...] = ()
PARTS = True
_LOOKED = 100
"""Rows among which the header is looked for."""
_AS_FULL = 0.8
"""A row is as full as the table with this share of its cells."""
_STRAY, _BESIDE = 10, 2
"""One in so many rows may have so many stray cells beside the table."""


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows of one sheet.

    Raises:
        DataError: no such file or sheet, several sheets to choose from, damaged, dangerous, or no table in it.
    """
    name, _, part = where.partition("#")
    content, origin = read_file(name, folder)
    refuse_bomb(content, name)
    try:
        book = fastexcel.read_excel(content)
    except fastexcel.FastExcelError as error:
        reason = str(error).partition("\n")[0]
        advice = "save it as .xlsx without a password, or as CSV"
        raise DataError(f"the workbook cannot be opened: {reason}", where=name, next_move=advice) from error
    sheet, column, row = _place(part)
    for looked in [sheet] if sheet else book.sheet_names:
        refuse_hollow(content, looked, f"{name}#{looked}")
    sheet = _sheet(book, sheet, name)
    there = f"{name}#{sheet}"
    raw = _load(book, sheet, there, dtypes="string")
    notes: tuple[str, ...] = () if part else (f"read sheet {sheet!r} of {', '.join(map(repr, book.sheet_names))}",)
    if raw is None:
        raise DataError("the sheet is empty", where=there, next_move="name another sheet")
    texts, first_column = raw
    left = max(0, column - first_column) if column is not None else 0
    top = _top(texts) if row is None else row
    if top >= texts.height or left >= texts.width:
        raise DataError(f"nothing stands at or below {part.rpartition('!')[2]}", where=there, next_move="correct it")
    if row is None and (top or first_column):
        cell = f"{_letters(first_column)}{top + 1}"
        notes += (f"the table was found at cell {cell}; if it begins elsewhere write {there}!{cell} with that cell",)
    texts = texts[:, left:].slice(top)
    header = has_header(texts.fill_null("")) if layout.header is None else layout.header
    frame = _typed(book, sheet, there, top + header, texts.slice(int(header)), left)
    heads = texts.head(1) if header else texts.clear()
    if not frame.select(pl.any_horizontal(pl.all().is_not_null()).any()).item():
        raise DataError("there is a header but no row below it", where=there, next_move="add rows")
    frame, more = _named(heads, frame, header, there)
    if errors := cell_errors(content, sheet):
        counted = ", ".join(f"{count} x {error}" for error, count in errors.items())
        more += (f"cells of sheet {sheet!r} that hold an error count as missing: {counted}",)
    found = Layout(header=header, decimal=layout.decimal, missing=layout.missing)
    return Read(frame, found, (origin,), notes + more)


def _place(part: str) -> tuple[str, int | None, int | None]:
    """Sheet, column and row of the cell behind ``#``, counted from 0; None where they are not stated."""
    sheet, mark, cell = part.rpartition("!")
    match = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})", cell) if mark else None
    if match is None:
        return part, None, None
    return sheet, column_number(match[1].upper()) - 1, int(match[2]) - 1


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _sheet(book: Any, asked: str, where: str) -> str:
    """The sheet asked for, or the only one with a table."""
    names: list[str] = book.sheet_names
    if asked:
        if asked not in names:
            raise DataError(f"there is no sheet {asked!r}", where=where, next_move=near(asked, names))
        return asked
    tables = []
    for name in names:
        loaded = _load(book, name, f"{where}#{name}", dtypes="string", n_rows=_LOOKED)
        if loaded is not None and loaded[0].select(pl.any_horizontal(pl.all().is_not_null()).sum()).item() > 1:
            tables.append(name)
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise DataError("no sheet holds a table", where=where, next_move="save the data as CSV and look at it")
    raise DataError(
        f"{len(tables)} sheets hold data: {', '.join(map(repr, tables))}",
        where=where,
        next_move=f"name one: {where}#{tables[0]}",
    )


def _load(book: Any, sheet: str, where: str, **how: Any) -> tuple[pl.DataFrame, int] | None:
    """The cells of a sheet from row 1 on, and its first column; None if it is empty."""
    try:
        loaded = book.load_sheet(sheet, header_row=None, skip_rows=0, **how)
        if not loaded.width or not loaded.height:
            return None
        return pl.DataFrame(loaded), int(loaded.available_columns()[0].absolute_index)
    except fastexcel.FastExcelError as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"the sheet cannot be read: {reason}", where=where, next_move="save it as CSV") from error


def _top(texts: pl.DataFrame) -> int:
    """The first row that is as full as the fuller ones."""
    cells = pl.all().str.strip_chars().fill_null("") != ""
    filled = texts.head(_LOOKED).select(pl.sum_horizontal(cells)).to_series().to_list()
    fuller = sorted(filter(None, filled), reverse=True)
    usual = fuller[min(len(fuller) - 1, max(1, len(fuller) // _STRAY))] if fuller else 0
    # Above a table with many gaps the header alone is full.
    table = usual if max(filled) - usual <= _BESIDE else max(filled)
    full = max(1.0, _AS_FULL * table)
    return next((row for row, count in enumerate(filled) if count >= full), 0)


def _typed(book: Any, sheet: str, where: str, skip: int, texts: pl.DataFrame, left: int) -> pl.DataFrame:
    """The rows with the types of their cells; columns of several types stay text.

    As text the reader gives a number nine decimals at most, so numbers are taken as numbers.
    """
    loaded = book.load_sheet(sheet, header_row=None, skip_rows=skip, schema_sample_rows=None)
    frame = pl.DataFrame(loaded)[:, left:]
    frame.columns = texts.columns
    frame = frame.head(texts.height)
    mixed = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if not mixed:
        return frame
    exact = pl.DataFrame(book.load_sheet(sheet, header_row=None, skip_rows=skip, dtypes="float"))[:, left:]
    exact.columns = texts.columns
    return frame.with_columns([_exact(frame[name], exact[name].head(frame.height)) for name in mixed])


def _exact(cells: pl.Series, numbers: pl.Series) -> pl.Series:
    """The cells, with those that lost digits written out from their number."""
    both = pl.DataFrame({"text": cells, "number": numbers})
    lost = pl.col("text").cast(pl.Float64, strict=False) != pl.col("number")
    made = both.select(pl.when(lost).then(pl.col("number").cast(pl.String)).otherwise(pl.col("text")))
    return made.to_series().alias(cells.name)


def _named(heads: pl.DataFrame, frame: pl.DataFrame, header: bool, where: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    empty = [name for name in frame.columns if frame[name].null_count() == frame.height]
    shown = frame.select(pl.when(pl.all().is_null()).then(pl.lit("")).otherwise(pl.lit("x")).name.keep())
    named, notes = name_columns(pl.concat([heads.select(shown.columns), shown]), header, where)
    shown, more = without_hollow_end(shown)
    kept = [c for c in frame.columns if not (header and c in empty and not str(heads[c][0] or "").strip())]
    body = frame.select(kept).head(shown.height)
    body.columns = named.columns
    return body, notes + more
