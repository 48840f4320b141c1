"""The records of the data room: what was read, from where, and what the columns hold."""

from __future__ import annotations

from typing import Literal

from volvelle.spec.requirements import Record

ColumnKind = Literal["number", "integer", "category", "boolean", "time", "text"]
"""In the canonical frame: Float64, Int64, String, Boolean, Datetime('us', 'UTC'), String."""


Quoting = Literal["double", "backslash", "single", "none"]
"""How a cell may hold the delimiter: between double quotes, doubled inside (RFC 4180); the same with a backslash before
a quote inside; between single quotes, doubled inside; not at all, a quote being like any other character."""


class Layout(Record, frozen=True):
    """How the source was read: given in the spec, or found."""

    delimiter: str | None = None
    quoting: Quoting | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    header: bool | None = None
    missing: tuple[str, ...] | None = None
    query: str | None = None
    """The query that was put to a database."""


class Origin(Record, frozen=True):
    """One thing that rows came from."""

    name: str
    """As written in the spec; never with a password."""
    sha256: str
    """Of a file's bytes, of a pattern's sorted file names; empty for a database, which has no cheap hash."""
    size: int
    kind: Literal["file", "names", "live"] = "file"
    """A file; the names that a pattern finds; or what can change at any time without a trace."""


class Column(Record, frozen=True):
    """One column of a data set, as found."""

    name: str
    kind: ColumnKind
    missing: int = 0
    distinct: int = 0
    low: float | None = None
    """Lowest value; seconds since 1970 UTC for a time."""
    high: float | None = None
    categories: tuple[str, ...] = ()
    """Values of a category or boolean column, most frequent first then by name; at most 1,000."""


class Dataset(Record, frozen=True):
    """An immutable version of the data. `version` is the SHA-256 of the canonical Parquet bytes."""

    version: str
    rows: int
    columns: tuple[Column, ...]
    source: str
    origins: tuple[Origin, ...]
    layout: Layout = Layout()
    notes: tuple[str, ...] = ()
    """What a reader should know: sniffed facts, cells made missing, columns renamed."""
