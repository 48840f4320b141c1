"""The records of the live log: what a worker writes, one line a request, and what settling gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from volvelle.spec.requirements import Record

Standing = Literal["champion", "challenger", "shadow"]
"""As what a release answered; the answer of a shadow is logged and not given."""
Cell = str | float | int | bool | None


class Answered(Record, frozen=True, gc=False, tag_field="kind", tag="answered"):
    """The rows of one request and what was said of them: one line of a journal."""

    id: str
    """Of the request; that of a row is ``<id>-<position>``."""
    at: int
    """UTC, microseconds since 1970."""
    release: str
    role: Standing
    predictions: Sequence[str | float]
    """Names of classes, or numbers."""
    names: tuple[str, ...] = ()
    """Features, in the order of `matrix` and `columns`."""
    matrix: bytes = b""
    """The rows as float64 ``[n, features]``, little endian; empty where `columns` or `rows` has them."""
    columns: bytes = b""
    """The same as float32 ``[features, n]``, one feature behind the other, where they came so."""
    rows: msgspec.Raw = msgspec.Raw(b"[]")
    """The rows as they came, in any form of JSON (see `volvelle.serve.forms`)."""
    scores: bytes = b""
    """Probabilities as float32 ``[n, classes]``, little endian; empty for regression."""
    us: int = 0
    """Microseconds that the request took."""


class Outcome(Record, frozen=True, tag_field="kind", tag="outcome"):
    """What really happened to a row that was answered before: one line of a journal."""

    id: str
    """Of the row."""
    at: int
    """UTC, microseconds since 1970, when it was told."""
    outcome: Cell


class Counted(Record, frozen=True, tag_field="kind", tag="counted"):
    """What a device counted of a window: one line of a journal."""

    sketch: bytes
    """As the device sent it; whole, by its checksum."""


class Unanswered(Record, frozen=True, tag_field="kind", tag="unanswered"):
    """Requests that were let in and refused for one reason: one line of a journal. It holds nothing that they said."""

    at: int
    """Of the first of them; UTC, microseconds since 1970."""
    until: int
    """Of the last of them."""
    release: str
    reason: str
    """In a word; see `volvelle.serve.refusals`."""
    field: str = ""
    """A feature of the release, where the reason is about one."""
    requests: int = 1


class Settled(Record, frozen=True):
    """What became of the journals."""

    journals: int = 0
    predictions: int = 0
    outcomes: int = 0
    sketches: int = 0
    refused: int = 0
    """Requests."""
    torn: int = 0
    """Lines that a dying worker left unfinished, and Parquet files that could not be read and were set aside."""
