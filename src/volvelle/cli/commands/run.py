"""Turn the wheel: collect, explore, split, search, build, validate and judge what has changed.

Example:
  volvelle run
  volvelle run --explain            which stages would be computed, and why
  volvelle run --release            and release the result if every gate has passed
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from volvelle.catalog import ROOT, import_late
from volvelle.cli.options import json_option, print_json, print_next, print_rows, shown, spec_option
from volvelle.data.finding import grave
from volvelle.flow.closure import stamp
from volvelle.flow.context import digest_json
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Finished, Project, explain, turn
from volvelle.spec.read import FILE, read
from volvelle.ui import terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)
    parser.add_argument("--explain", action="store_true", help="only say which stages would be computed, and why")
    parser.add_argument("--release", action="store_true", help="release the result if every gate has passed")


def run(options: argparse.Namespace) -> int:
    """Turn, then show board, leaderboard and where things lie. 1 unless every gate has passed."""
    spec = read(options.spec)
    project = Project(options.spec.parent)
    if options.explain:
        return _explain(project, options)
    progress = terminal.Progress()
    text = options.spec.read_text(encoding="utf-8-sig")
    try:
        finished = turn(project, spec, progress, source=text)
    finally:
        progress.close()
    result = find(project, finished.run)
    report = _report(result)
    passed = all(v.verdict == "pass" for v in result.evidence.verdicts)
    if not options.json:
        _show(result, finished, shown(report))
    folder = _release(result, report) if options.release else None
    if options.json:
        print_json(_document(result, finished, str(report), str(folder) if folder else None))
    elif folder:
        print(f"Release: {shown(folder)}")
        print_next(f"volvelle predict FILE{_spec_words(options)}", f"volvelle report --open{_spec_words(options)}")
    elif passed:
        print_next(f"volvelle release{_spec_words(options)}")
    else:
        print_next("read the report; then change the data, the [search] budget or the requirement, and volvelle run")
    return 0 if passed else 1


def _release(result: Result, report: Path) -> Path:
    registry: Any = import_late("volvelle.flow.registry", "the registry")
    return Path(registry.release(result, report.read_bytes())[1])


def _spec_words(options: argparse.Namespace) -> str:
    """What a next command needs to find the same spec."""
    return "" if str(options.spec) == FILE else f" --spec {options.spec}"


def _explain(project: Project, options: argparse.Namespace) -> int:
    rows = explain(project, read(options.spec))
    if options.json:
        print_json({"stages": [{"stage": name, "computed": why != "unchanged", "why": why} for name, why in rows]})
        return 0
    print_rows(
        [("stage", "the next turn"), *((n, "reuses it" if w == "unchanged" else f"computes: {w}") for n, w in rows)]
    )
    print_next("volvelle run")
    return 0


def _report(result: Result) -> Path:
    """The report's path; it is drawn once for each evidence."""
    path = result.project.state / "reports" / f"run-{result.run.id}.html"
    templates = [stamp(part) for part in sorted((ROOT / "ui" / "templates").iterdir())]
    code = result.project.code.closure("volvelle.ui.report:render").digest
    mark = [result.digest("judge"), code, digest_json(templates)]
    if not path.exists() or result.project.ledger.recall("report", str(result.run.id)) != mark:
        path = Path(import_late("volvelle.ui.report", "the report").write(result))
        result.project.ledger.remember("report", str(result.run.id), mark)
    return path


def _document(result: Result, finished: Finished, report: str, release: str | None) -> dict[str, Any]:
    builtins: Any = import_late("msgspec", "JSON").to_builtins
    return {
        "run": result.run.id,
        "fresh": finished.fresh,
        "seconds": round(finished.seconds, 3),
        "stages": [row._asdict() for row in finished.stages],
        "evidence": builtins(result.evidence),
        "candidate": builtins(result.candidate),
        "findings": [builtins(finding) for finding in result.findings],
        "model": {"onnx": result.model.onnx, "size": result.model.size, "estimator": result.model.estimator},
        "report": report,
        "release": release,
    }


def _show(result: Result, finished: Finished, report: str) -> None:
    computed = [row.name for row in finished.stages if not row.reused]
    if finished.fresh:
        print(f"Nothing has changed: run {result.run.id} stands, and nothing was computed.")
    else:
        reused = len(finished.stages) - len(computed)
        again = f", {reused} reused" if reused else ""
        print(f"Run {result.run.id}: {len(computed)} stages computed{again}, {finished.seconds:.1f} s.")
    print()
    print(terminal.board(result.evidence, result.spec), end="\n\n")
    print(terminal.leaderboard(result.searched), end="\n\n")
    for note in filter(None, (*result.dataset.notes, result.split.note, *result.model.notes)):
        print(f"Note:    {note}")
    for finding in grave(result.findings):
        print(f"Finding: {finding.sentence} Proposed: {finding.action}; or {finding.accept}")
    print(f"Report:  {report}", flush=True)
