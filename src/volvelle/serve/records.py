"""The records of the live log: what a worker writes, one line a row, and what settling gives."""

from __future__ import annotations

from typing import Any, Literal

from volvelle.spec.requirements import Record

Standing = Literal["champion", "challenger", "shadow"]
"""As what a release answered; the answer of a shadow is logged and not given."""
Cell = str | float | int | bool | None


class Predicted(Record, frozen=True):
    """One answered row."""

    id: str
    """``<request id>-<row>``."""
    at: int
    """UTC, microseconds since 1970."""
    release: str
    role: Standing
    row: dict[str, Any]
    """Feature name to the JSON value as it came; null where it is missing."""
    prediction: str | float
    scores: list[float]
    us: int
    """Microseconds that the request took."""


class Outcome(Record, frozen=True):
    """What really happened to a row that was answered before."""

    id: str
    at: int
    """UTC, microseconds since 1970, when it was told."""
    outcome: Cell


class Settled(Record, frozen=True):
    """What became of the journals."""

    journals: int = 0
    predictions: int = 0
    outcomes: int = 0
    torn: int = 0
    """Lines that a dying worker left unfinished, and Parquet files that could not be read and were set aside."""
