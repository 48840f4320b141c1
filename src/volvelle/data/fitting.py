"""Records that arrive one by one are fitted to the columns that are there already.

A column has the kind of its first value. A record with a value of another kind is told from the rest, with the reason,
and not half of it is taken. Whole numbers go into a column of numbers where a double holds them; the first number with
a fraction in a column of whole numbers *widens* that column, where it may be.

>>> done = fit([Record({"a": 1}), Record({"a": 2.5}), Record({"a": "x"})], {"a": "integer"})
>>> done.frame.rows(), done.widened, done.misfits[2].why
([(1.0,), (2.5,)], ('a',), "'a' holds a text, 'x', where numbers stand")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
import polars as pl

from volvelle.data.markers import MISSING

Kind = Literal["integer", "number", "boolean", "text", "time"]
DTYPES: dict[Kind, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "text": pl.String(),
    "time": pl.Datetime("us", "UTC"),
}
COLUMNS, NAME = 1_000, 200
"""Columns that a table may have, and characters of a name."""
OURS = "_v_"
"""What the names of our own columns begin with."""
_ARTICLES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "a boolean",
    "text": "a text",
    "time": "a time",
}
_PLURALS = {"integer": "whole numbers", "number": "numbers", "boolean": "booleans", "text": "texts", "time": "times"}
_EXACT, _INT64, _SHOWN = 2**53, 2**63, 60
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_CODE = re.compile(r"[+-]?0\d")


class Record(NamedTuple):
    """One record: its cells by name.

    Args:
        cells: values as JSON and CBOR have them, objects unfolded.
        id: what tells it from all others of its table; None where nothing does.
        loose: whether all values are texts that may mean numbers, as in CSV.
        received: when it came; None for now.
    """

    cells: dict[str, Any]
    id: str | None = None
    loose: bool = False
    received: datetime | None = None


class Misfit(NamedTuple):
    """A record, or a piece of text, that is set aside."""

    kind: str
    """A word for the reason, to count by."""
    why: str
    """One sentence with the example."""
    text: str
    """What is set aside."""


@dataclass(slots=True)
class Fitted:
    """What became of some records.

    Attributes:
        frame: those that fit, a row each, with every known column that one of them has.
        kept: positions of the rows among the records.
        misfits: the others by position.
        new: columns that were not there.
        widened: columns of whole numbers that now hold numbers.
    """

    kept: list[int] = field(default_factory=list)
    misfits: dict[int, Misfit] = field(default_factory=dict)
    new: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)


class _Unfit(Exception):
    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(why)


def fit(
    records: Sequence[Record], kinds: Mapping[str, Kind], may_widen: Callable[[str], bool] = lambda name: True
) -> Fitted:
    """Fit records to the columns `kinds`; `may_widen` tells whether the whole numbers of a column are exact doubles."""
    done, fitting = Fitted(), _Fitting(dict(kinds), may_widen)
    rows: list[dict[str, Any]] = []
    for position, record in enumerate(records):
        try:
            rows.append(fitting.row(record))
            done.kept.append(position)
        except _Unfit as unfit:
            done.misfits[position] = Misfit(unfit.kind, str(unfit), text_of(record.cells))
    columns = dict.fromkeys(name for row in rows for name in row)
    done.new = tuple(name for name in columns if name not in kinds)
    done.widened = tuple(name for name, kind in kinds.items() if kind == "integer" and fitting.kinds[name] == "number")
    data = {name: [row.get(name) for row in rows] for name in columns}
    schema = {name: DTYPES[fitting.kinds[name]] for name in columns}
    done.frame = pl.DataFrame(data, schema=schema, strict=False)
    return done


def text_of(cells: Mapping[str, Any]) -> str:
    """The cells as JSON."""
    return msgspec.json.encode(cells, enc_hook=str).decode()


class _Fitting:
    """The columns while records come.

    Args:
        kinds: the kind of every column.
        may_widen: whether the whole numbers of a column that are stored are exact doubles.
    """

    def __init__(self, kinds: dict[str, Kind], may_widen: Callable[[str], bool]) -> None:
        self.kinds, self._may_widen = kinds, may_widen
        self._folded = {name.lower(): name for name in kinds}
        self._beyond: set[str] = set()

    def row(self, record: Record) -> dict[str, Any]:
        """The cells as they are stored; nothing is learnt from a record that does not fit."""
        found: dict[str, Kind] = {}
        row: dict[str, Any] = {}
        for name, given in record.cells.items():
            value = _meant(given, self.kinds.get(name)) if record.loose else _plain(given, name)
            if value is None:
                continue
            kind = _kind_of(value, name)
            if name not in self.kinds:
                self._admit(name, found)
                found[name] = kind
            elif kind != self.kinds[name]:
                value, found[name] = self._converted(name, value, kind)
            row[name] = value
        if not row:
            raise _Unfit("empty", "a record holds no value")
        self.kinds |= found
        self._folded |= {name.lower(): name for name in found}
        self._beyond |= {n for n, v in row.items() if type(v) is int and abs(v) > _EXACT}
        return row

    def _admit(self, name: str, found: Mapping[str, Kind]) -> None:
        """Check the name of a new column."""
        if not name or len(name) > NAME or not name.isprintable() or name.startswith(OURS):
            shown = name[:_SHOWN]
            raise _Unfit(
                "name", f"{shown!r} is no name of a column: 1 to {NAME} printable characters, no {OURS!r} first"
            )
        twin = self._folded.get(name.lower()) or next((n for n in found if n.lower() == name.lower()), None)
        if twin is not None:
            raise _Unfit("name", f"{name!r} differs from the column {twin!r} in case only")
        if len(self.kinds) + len(found) >= COLUMNS:
            raise _Unfit("name", f"{name!r} would be more than {COLUMNS:,} columns")

    def _converted(self, name: str, value: Any, kind: Kind) -> tuple[Any, Kind]:
        """The value in the kind of its column, and that kind, perhaps widened."""
        there = self.kinds[name]
        if there == "number" and kind == "integer" and abs(value) <= _EXACT:
            return float(value), there
        if there == "integer" and kind == "number":
            if value.is_integer() and abs(value) <= _EXACT:
                return int(value), there
            if name not in self._beyond and self._may_widen(name):
                return value, "number"
        shown = repr(value)[:_SHOWN]
        raise _Unfit("type", f"{name!r} holds {_ARTICLES[kind]}, {shown}, where {_PLURALS[there]} stand")


def _plain(value: Any, name: str) -> Any:
    """A value of JSON or CBOR as one that is stored: lists as JSON, bytes in hexadecimal."""
    if type(value) is bytes:
        return value.hex()
    if type(value) in (list, tuple):
        try:
            return msgspec.json.encode(value).decode()
        except (TypeError, ValueError, RecursionError) as error:
            raise _Unfit("type", f"{name!r} holds a list with values that are not stored") from error
    return value


def _meant(text: Any, kind: Kind | None) -> Any:
    """What a text of CSV means in a column of this kind, or in a new one."""
    text = str(text).strip()
    if text in MISSING:
        return None
    if kind == "text":
        return text
    if _WHOLE.fullmatch(text) and not _CODE.match(text):
        return int(text)
    if _NUMBER.fullmatch(text) and not _CODE.match(text):
        return float(text)
    if kind in (None, "boolean") and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def _kind_of(value: Any, name: str) -> Kind:
    kind = type(value)
    if kind is bool:
        return "boolean"
    if kind is int:
        if not -_INT64 <= value < _INT64:
            raise _Unfit("type", f"{name!r} holds a whole number beyond 64 bits")
        return "integer"
    if kind is float:
        return "number"
    if kind is str:
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise _Unfit("type", f"{name!r} holds half a character")
        return "text"
    if kind is datetime and value.tzinfo is not None and 1 < value.astimezone(UTC).year < 9999:
        return "time"
    raise _Unfit("type", f"{name!r} holds {kind.__name__}, which is not stored")
