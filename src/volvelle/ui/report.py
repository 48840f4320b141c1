"""The report of a run: one HTML file that stands alone, without script, for light and dark and any width.

The same run gives the same bytes. Whatever a user wrote is escaped, shortened where it is long, and
isolated in its writing direction.
"""

from __future__ import annotations

from pathlib import Path

from volvelle.flow.result import Result
from volvelle.flow.store import write_atomic
from volvelle.ui import charts
from volvelle.ui.device import placed
from volvelle.ui.explained import explanation
from volvelle.ui.pages import drawn, policy, style
from volvelle.ui.pages import render as fill
from volvelle.ui.sections import Facts, data, header, model, performance, reproduction, requirements, search

MOST_BYTES = 250_000
"""Budget of the file; the longest tables are cut to keep it."""
_TABLES = ("trials", "columns", "slices", "findings", "classes", "features")
"""Those that say how many more there are."""
_FEWEST = 8


def render(result: Result) -> str:
    """The report as text.

    Raises:
        NotFound: the run ended before its last stage, or its records are gone from the store.
    """
    sheet = style(True)
    facts = {
        "css": sheet,
        "policy": policy(sheet),
        "mark": drawn(charts.mark()),
        **header(result),
        **requirements(result),
        **performance(result),
        **explanation(result),
        **placed(result),
        **model(result),
        **search(result),
        **data(result),
        **reproduction(result),
    }
    while len((text := fill("report.html", facts)).encode("utf-8")) > MOST_BYTES:
        longest = max(_TABLES, key=lambda name: len(facts[name]))
        if len(facts[longest]) <= _FEWEST:
            break
        facts |= _halved(facts, longest)
    return text


def _halved(facts: Facts, name: str) -> Facts:
    """The first half of a table, and how many rows there are besides."""
    kept = len(facts[name]) // 2
    return {name: facts[name][:kept], f"{name}_more": facts[f"{name}_more"] + len(facts[name]) - kept}


def write(result: Result) -> Path:
    """Write the report of a run beside its state; where it lies."""
    path = result.project.state / "reports" / f"run-{result.run.id}.html"
    write_atomic(path, render(result).encode("utf-8"))
    return path
