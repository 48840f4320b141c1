"""List the runs of this project, newest last.

Example:
  volvelle runs
  volvelle runs --json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from volvelle.cli.options import json_option, print_json, print_next, print_rows, spec_option
from volvelle.errors import NotFound
from volvelle.flow import registry
from volvelle.flow.decisions import Decision, Tried, decisions
from volvelle.flow.ledger import Run
from volvelle.flow.result import Result
from volvelle.flow.turn import STATE, Project


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """One line a run: when, what came out, which gates passed, which is released."""
    rows = _rows(options.spec.parent) if (options.spec.parent / STATE).is_dir() else []
    if options.json:
        print_json({"runs": rows})
        return 0
    if not rows:
        print("no run yet")
        print_next(options, "volvelle run")
        return 0
    heading = ["run", "started", "state", "estimator", "metric", "gates", "release"]
    heading += ["challenge"] if any(row["challenge"] for row in rows) else []
    lines = [tuple("" if row[key] is None else str(row[key]) for key in heading) for row in rows]
    print_rows([tuple(heading), *lines])
    print_next(options, "volvelle show RUN", "volvelle compare A B")
    return 0


def _rows(folder: Path) -> list[dict[str, Any]]:
    project = Project(folder, existing=True)
    standing = registry.current(project)
    released = {r["run"]: r["name"] for r in project.ledger.releases()}
    challenges = {t.run: _challenge(d, t) for d in decisions(project.ledger) for t in d.tried if t.run is not None}
    rows = [_row(project, entry, released, standing) for entry in project.ledger.runs()]
    return [{**row, "challenge": challenges.get(row["run"])} for row in rows]


def _challenge(decision: Decision, tried: Tried) -> str:
    """Against whom a challenger stood, and what came of it."""
    if decision.outcome == "open":
        return f"{decision.number}: against {decision.champion}, open"
    if decision.outcome == "promoted" and decision.run == tried.run:
        return f"{decision.number}: took over from {decision.champion}"
    lost = f"stood behind run {decision.run}" if tried.better else f"lost against {decision.champion}"
    return f"{decision.number}: {lost}"


def _row(project: Project, entry: Run, released: dict[int, str], standing: dict[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run": entry.id,
        "started": entry.started,
        "state": entry.status,
        "estimator": None,
        "metric": None,
        "gates": entry.note or None,
        "release": released.get(entry.id),
    }
    if standing and standing["run"] == entry.id:
        row["release"] = f"{row['release']} (champion)"
    try:
        evidence = Result(project, entry).evidence
    except NotFound:
        return row
    test = next((m for m in evidence.metrics if m.metric == evidence.metric and m.side == "test" and not m.slice), None)
    passed = sum(v.verdict == "pass" for v in evidence.verdicts)
    row["estimator"] = evidence.estimator
    if test is not None and test.value is not None:
        row["metric"] = f"{evidence.metric} {test.value:.4g}"
    row["gates"] = f"{passed} of {len(evidence.verdicts)} passed"
    return row
