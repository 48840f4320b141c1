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
from volvelle.ui.sections import data, header, model, performance, reproduction, requirements, search

MOST_BYTES = 250_000
"""Budget of the file; long tables are cut to keep it."""


def render(result: Result) -> str:
    """The report as text.

    Raises:
        NotFound: the run ended before its last stage, or its records are gone from the store.
    """
    sheet = style(True)
    return fill(
        "report.html",
        {
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
        },
    )


def write(result: Result) -> Path:
    """Write the report of a run beside its state; where it lies."""
    path = result.project.state / "reports" / f"run-{result.run.id}.html"
    write_atomic(path, render(result).encode("utf-8"))
    return path
