"""Turn the wheel: collect, explore, split, search, build, validate, judge, explain what changed.

Example:
  volvelle run
  volvelle run --explain            which stages would be computed, and why
  volvelle run --release            and release the result if every gate has passed
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from volvelle.catalog import import_late
from volvelle.cli.options import json_option, next_of, print_json, print_next, print_rows, shown, spec_option
from volvelle.data.finding import grave
from volvelle.errors import SpecError, visible
from volvelle.flow.aside import deepen_if_asked
from volvelle.flow.result import Result, find, released_as
from volvelle.flow.turn import Finished, Project, explain, turn
from volvelle.spec.read import placed, read
from volvelle.spec.requirements import Spec
from volvelle.ui import terminal
from volvelle.ui.drawn import report_of

_NOTES = 6
"""More are counted; the report lists them."""


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
        return _explain(project, spec, options)
    progress = terminal.Progress()
    text = options.spec.read_text(encoding="utf-8-sig")
    try:
        finished = turn(project, spec, progress, source=text)
        result = find(project, finished.run)
        deep = deepen_if_asked(result, progress)
        fresh = finished.fresh and all(row.reused for row in deep)
        finished = finished._replace(stages=(*finished.stages, *deep), fresh=fresh)
    except SpecError as error:
        raise placed(error, text, str(options.spec)) from error
    finally:
        progress.close()
    report = report_of(result)
    passed = all(v.verdict == "pass" for v in result.evidence.verdicts)
    if not options.json:
        _show(result, finished, shown(report))
    folder = _release(result, report) if options.release else None
    if options.json:
        print_json(_document(result, finished, str(report), str(folder) if folder else None))
    else:
        if folder:
            print(f"Release: {shown(folder)}", flush=True)
        print_next(options, *next_of(result, str(folder) if folder else released_as(result)))
    return 0 if passed else 1


def _release(result: Result, report: Path) -> Path:
    registry: Any = import_late("volvelle.flow.registry", "the registry")
    return Path(registry.release(result, report.read_bytes()).folder)


def _explain(project: Project, spec: Spec, options: argparse.Namespace) -> int:
    rows = explain(project, spec)
    if options.json:
        print_json({"stages": [{"stage": name, "computed": why != "unchanged", "why": why} for name, why in rows]})
        return 0
    print_rows(
        [("stage", "the next turn"), *((n, "reuses it" if w == "unchanged" else f"computes: {w}") for n, w in rows)]
    )
    print_next(options, "volvelle run")
    return 0


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
    if result.footprint is not None and result.spec.device is not None:
        device: Any = import_late("volvelle.compiler.device", "the device")
        footprint: Any = import_late("volvelle.ui.footprint", "the footprint")
        print(footprint.board(result.footprint, device.asked(result.spec.device)), end="\n\n")
    for line in result.evidence.constrained.relax if result.evidence.constrained else ():
        print(f"Relax:   {visible(line)}")
    print(terminal.leaderboard(result.searched, candidate=result.candidate), end="\n\n")
    if {t.estimator for t in result.searched.trials if t.status == "done"} == {"constant"}:
        print("Note:    only the constant baseline was tried: give [search] budget more time")
    notes = [*filter(None, [result.split.note]), *result.model.notes, *result.dataset.notes]
    for note in notes[:_NOTES]:
        print(f"Note:    {visible(note)}")
    if len(notes) > _NOTES:
        print(f"Note:    {len(notes) - _NOTES} more, on how the data were read: the report lists them")
    for finding in grave(result.findings):
        print(visible(f"Finding: {finding.sentence} Proposed: {finding.action}; or {finding.accept}"))
    print(f"Report:  {report}", flush=True)
