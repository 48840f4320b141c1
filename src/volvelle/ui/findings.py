"""Findings as the terminal shows them: by severity, each with its rows and the lines of the spec that answer it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO

from volvelle.catalog import import_late
from volvelle.data.finding import SEVERITIES, Finding
from volvelle.errors import visible
from volvelle.ui.terminal import fitting, is_terminal
from volvelle.ui.wording import clean

MARKS = {"high": "!!", "medium": "! ", "low": "- ", "accepted": "ok"}
_WIDEST, _INDENT = 110, 5
Line = tuple[str, str]
"""A text and its style: a severity, "accepted", "spec", "soft" or none."""


def findings(found: Iterable[Finding], stream: TextIO | None = None) -> str:
    """All findings, the gravest first; accepted ones as one line each."""
    out = stream or sys.stdout
    width = min(_WIDEST, max(60, shutil.get_terminal_size().columns))
    lines = [line for finding in found for line in _lines(finding, width)]
    if is_terminal(out):
        return str(_rich().styled(lines))
    return fitting("\n".join(text for text, _ in lines), out)


def tally(found: Iterable[Finding]) -> str:
    """How many of each severity.

    >>> tally([Finding(name="leak", severity="high", sentence="", action="")])
    '1 high'
    """
    found = list(found)
    counts = {s: sum(f.severity == s and not f.accepted for f in found) for s in SEVERITIES}
    counts_shown = [f"{count} {severity}" for severity, count in counts.items() if count]
    accepted = sum(f.accepted for f in found)
    return ", ".join([*counts_shown, *([f"{accepted} accepted"] if accepted else [])]) or "nothing to tell"


def state(finding: Finding) -> str:
    """The severity, or "accepted"."""
    return "accepted" if finding.accepted else finding.severity


def called(finding: Finding) -> str:
    """Name and columns, short."""
    columns = ", ".join(clean(c, 40) for c in finding.columns[:4])
    more = f" and {len(finding.columns) - 4} more" if len(finding.columns) > 4 else ""
    return f"{finding.name}: {columns}{more}" if columns else finding.name


def rows_of(finding: Finding) -> str:
    """The example rows in words; empty for none."""
    rows = [str(e.row) for e in finding.examples]
    return f"{'row' if len(rows) == 1 else 'rows'} {', '.join(rows)}" if rows else ""


def finding_row(finding: Finding) -> dict[str, str]:
    """One row of the report's table."""
    return {
        "state": state(finding),
        "style": {"high": "fail", "medium": "doubt", "low": "none", "accepted": "pass"}[state(finding)],
        "called": called(finding),
        "sentence": clean(finding.sentence, 500),
        "rows": rows_of(finding),
        "action": finding.action,
        "overrule": finding.overrule,
        "accept": finding.accept if _answerable(finding) else "",
    }


def _answerable(finding: Finding) -> bool:
    """Whether the line that accepts it is shown: of what is only good to know, where no other line answers it."""
    return finding.severity != "low" or not finding.overrule


def _lines(finding: Finding, width: int) -> list[Line]:
    style = state(finding)
    head = (f"{MARKS[style]} {style:<8} {called(finding)}", style)
    if finding.accepted:
        return [head]
    rows = rows_of(finding)
    said = clean(finding.sentence, 600) + (f" E.g. {rows}." if rows else "")
    lines = [head, *((text, "") for text in _wrapped(said, width))]
    lines += [(text, "soft") for text in _wrapped(f"Proposed: {finding.action}.", width)]
    if finding.overrule:
        lines += [(" " * (_INDENT + 2) + visible(text), "spec") for text in finding.overrule.splitlines()]
    if _answerable(finding):
        lines += [(" " * _INDENT + "Or, if meant so:", "soft"), (" " * (_INDENT + 2) + visible(finding.accept), "spec")]
    return [*lines, ("", "")]


def _wrapped(text: str, width: int) -> list[str]:
    indent = " " * _INDENT
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _rich() -> Any:
    return import_late("volvelle.ui.rich_terminal", "the terminal's drawing")
