"""The decisions of a project: why the wheel turned again, what was tried, and why it won or lost.

They lie in the ledger. One that is open belongs to a turn that was interrupted, or is being made.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from volvelle.evaluate.records import Measured, Verdict
from volvelle.flow.ledger import Ledger
from volvelle.spec.requirements import Record

KIND = "decision"
Outcome = Literal["open", "promoted", "kept"]
Learnt = Literal["all rows", "new rows"]


class Rows(Record, frozen=True):
    """How many rows a challenger was made from."""

    source: int = 0
    """Of the source of the spec, collected again."""
    live: int = 0
    """Live rows whose outcomes are known, beyond those of the source."""
    fresh: int = 0
    """Rows that the champion has never seen."""
    test: int = 0
    """The newest of them: sealed, and answered by both models."""


class Tried(Record, frozen=True):
    """One challenger."""

    learnt: Learnt
    """From all rows there are, or only from those that the champion has never seen."""
    data: str
    """The pinned rows, relative to the project."""
    version: str = ""
    """SHA-256 of them."""
    run: int | None = None
    gain: Measured | None = None
    """The metric of the challenger minus that of the champion, on the same rows."""
    chance: float | None = None
    """How probable so large a gain would be if both gave labels alike; None for metrics of scores."""
    verdicts: tuple[Verdict, ...] = ()
    better: bool = False
    """Whether it may take over."""
    because: str = ""
    """Why, or why not."""


class Decision(Record, frozen=True):
    """One turn after the first: champion against challengers."""

    number: int
    at: str
    """When it began; UTC, ISO 8601."""
    champion: str
    """Name of its release."""
    why: tuple[str, ...]
    by: str
    """Who, or what, asked for it."""
    until: int = 0
    """Time of the newest live row that was looked at; microseconds since 1970 UTC."""
    losses: tuple[int, ...] | None = None
    """Ends of the windows that were known to miss a gate; None where nobody had looked."""
    rows: Rows = Rows()
    unlogged: tuple[str, ...] = ()
    """Columns of the source that live rows lack; challengers do not learn from them."""
    tried: tuple[Tried, ...] = ()
    outcome: Outcome = "open"
    run: int | None = None
    """The run of the challenger that took over, or came nearest."""
    metric: str = ""
    verdicts: tuple[Verdict, ...] = ()
    """The gates of the champion on the newest rows."""
    because: str = ""
    """Why the challenger won or lost, in a sentence."""
    release: str = ""
    """The release that it became."""
    finished: str = ""

    def knew(self, moment: int) -> bool:
        """Whether it was made with the loss of the window that ended at a time in sight."""
        return moment <= self.until if self.losses is None else moment in self.losses

    @property
    def best(self) -> Tried | None:
        """The challenger that took over, or came nearest."""
        return next((t for t in self.tried if t.run is not None and t.run == self.run), None)


def decisions(ledger: Ledger) -> list[Decision]:
    """All decisions, oldest first."""
    kept = ledger.remembered(KIND)
    return sorted((msgspec.convert(value, Decision) for value in kept.values()), key=lambda d: d.number)


def open_decision(ledger: Ledger, **facts: Any) -> Decision:
    """A new decision, noted as open."""
    made = Decision(number=1 + max((d.number for d in decisions(ledger)), default=0), **facts)
    note(ledger, made)
    return made


def note(ledger: Ledger, decision: Decision) -> None:
    """Write a decision as it stands."""
    ledger.remember(KIND, str(decision.number), msgspec.to_builtins(decision))


def of_run(ledger: Ledger, run: int) -> Decision | None:
    """The newest decision that a run was made for."""
    return next((d for d in reversed(decisions(ledger)) if run in (d.run, *(t.run for t in d.tried))), None)
