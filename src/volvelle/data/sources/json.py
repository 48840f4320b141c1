"""JSON: an array of objects (.json) or one object a line (.jsonl, .ndjson), plain or gzip.

Objects inside objects become columns with a point in the name (``place.city``). A column that holds lists is set
aside; one whose values have several types becomes text, and a note counts them. RFC 8259 is kept to: NaN, a key
that stands twice in one object, and what follows the end are errors that name their line.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     _ = Path(folder, "t.jsonl").write_text('{"a": 1, "b": {"c": "x"}}\\n{"a": 2.5}\\n')
...     read("t.jsonl", Path(folder), Layout()).frame.to_dicts()
[{'a': 1.0, 'b.c': 'x'}, {'a': 2.5, 'b.c': None}]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from volvelle.data.contract import Read
from volvelle.data.decode import to_utf8
from volvelle.data.objects import flat, parse_json
from volvelle.data.raw import read_file, unpack
from volvelle.data.records import Layout
from volvelle.data.values import frame_of
from volvelle.errors import DataError

SUFFIXES: tuple[str, ...] = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
SCHEMES: tuple[str, ...] = ()
_NEXT = "write it again: one object a row, in an array (.json) or one a line (.jsonl)"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """Read all rows; a key that a row lacks is missing there.

    Raises:
        DataError: no such file, not JSON, not rows of objects, or no rows.
    """
    content, origin = read_file(where, folder)
    content, notes = unpack(content, where)
    content, encoding, more = to_utf8(content, layout.encoding, where)
    notes += more
    text = content.decode("utf-8")
    lines = where.lower().removesuffix(".gz").endswith(("l", ".ndjson"))
    if lines and text.lstrip().startswith("["):
        lines, notes = False, (*notes, f"{where} holds one array although its name says one object a line")
    rows = _rows_of_lines(text, where) if lines else _rows_of_array(text, where)
    if not rows:
        raise DataError("there is no row in it", where=where, next_move="export the data again")
    columns = _columns(rows, where)
    if not columns:
        raise DataError("its objects have no keys", where=where, next_move=_NEXT)
    frame, more = frame_of(columns)
    return Read(
        frame, Layout(encoding=encoding, decimal=layout.decimal, missing=layout.missing), (origin,), notes + more
    )


def _rows_of_lines(text: str, where: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_object(_parse(line, where, number), f"{where}, line {number}"))
    return rows


def _rows_of_array(text: str, where: str) -> list[dict[str, Any]]:
    found = _parse(text, where)
    if isinstance(found, dict):
        keys = ", ".join(list(found)[:5])
        lists = [key for key, value in found.items() if isinstance(value, list)]
        advice = f"write the list under {lists[0]!r} into a file of its own" if len(lists) == 1 else _NEXT
        raise DataError(f"this is one JSON object (keys {keys}), not an array of them", where=where, next_move=advice)
    if not isinstance(found, list):
        raise DataError("this is one JSON value, not an array of objects", where=where, next_move=_NEXT)
    return [_object(row, f"{where}, element {number}") for number, row in enumerate(found, start=1)]


def _parse(text: str, where: str, line: int = 0) -> Any:
    try:
        return parse_json(text)
    except RecursionError as error:
        raise DataError("its values are nested too deeply", where=where, next_move=_NEXT) from error
    except json.JSONDecodeError as error:
        place = f"line {line or error.lineno}, column {error.colno}"
        cut = error.pos >= len(text.rstrip())
        what = "the text ends in the middle of a value" if cut else f"this is not JSON: {error.msg}"
        raise DataError(what, where=f"{where}, {place}", next_move="copy or export the file again") from error
    except ValueError as error:
        place = f"{where}, line {line}" if line else where
        raise DataError(str(error), where=place, next_move="write missing values as null, each key once") from error


def _object(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DataError(f"a row is not an object but {json.dumps(row)[:60]}", where=where, next_move=_NEXT)
    return row


def _columns(rows: list[dict[str, Any]], where: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        flat = _unfolded(row, where) if any(type(value) is dict for value in row.values()) else row
        for name, value in flat.items():
            column = columns.get(name)
            if column is None:
                columns[name] = column = []
            if len(column) < number:
                column.extend([None] * (number - len(column)))
            column.append(_sound(value, where) if type(value) is str else value)
    for column in columns.values():
        column.extend([None] * (len(rows) - len(column)))
    return columns


def _unfolded(row: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        return flat(row)
    except ValueError as error:
        raise DataError(str(error), where=where, next_move="rename one of the keys") from error


def _sound(text: str, where: str) -> str:
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise DataError(f"half a character stands in {text!r}", where=where, next_move="export the file again")
    return text
