"""A finding: one thing about the data that a person should know before a model learns from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import field

from volvelle.spec.requirements import Record

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
MOST_EXAMPLES = 5


class Example(Record, frozen=True):
    """One row that shows a finding."""

    row: int
    """Counted from 1, the first row below the header."""
    cells: dict[str, str] = field(default_factory=dict)
    """Column to what stands there; at most 60 characters each."""


class Finding(Record, frozen=True):
    """What was found, how much it matters, and what to write into the spec about it."""

    name: str
    """The file in ``data/findings/`` that found it."""
    severity: Severity
    """high: the result would be wrong or useless; medium: it may be; low: good to know."""
    sentence: str
    action: str
    """What is proposed."""
    columns: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    """What was counted, in words, to how many rows or columns."""
    examples: tuple[Example, ...] = ()
    """At most five rows."""
    overrule: str = ""
    """The line of the spec that follows the proposal, with what stands there already; empty where none does."""
    accept: str = ""
    """The line of the spec that says: known, and meant so."""
    accepted: bool = False
    """Whether the spec says so already."""

    @property
    def key(self) -> str:
        """What ``[data] accept`` calls it.

        >>> Finding(name="leak", severity="high", sentence="", action="", columns=("a", "b")).key
        'leak:a+b'
        """
        return f"{self.name}:{'+'.join(self.columns)}" if self.columns else self.name


def grave(found: Iterable[Finding]) -> list[Finding]:
    """High-severity findings that nobody has accepted."""
    return [f for f in found if f.severity == "high" and not f.accepted]
