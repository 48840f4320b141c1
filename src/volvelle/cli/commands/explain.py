"""Explain a run in words: what it learnt, what it leans on, why it answers a row as it does.

Example:
  volvelle explain                       the newest finished run
  volvelle explain --row 3               why the third test row got its answer
  volvelle explain --file new.csv        the same for rows of a file
  volvelle explain --deep                train again with less, and explain three rows
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from volvelle.catalog import import_late
from volvelle.cli.options import json_option, print_json, print_next, run_argument, shown, spec_option
from volvelle.data.collect import read_rows
from volvelle.errors import NotFound
from volvelle.evaluate.explain.records import Ablation, Attribution, Learning, Reasons
from volvelle.flow.aside import deepen, kept
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project
from volvelle.flow.why import stored_row, why
from volvelle.ui import answers, terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    run_argument(parser)
    spec_option(parser)
    json_option(parser)
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--row", type=int, metavar="N", help="explain the answer for test row N, counted from 1")
    one.add_argument("--file", metavar="FILE", help="explain the answers for the rows of a file, at most 20")
    one.add_argument(
        "--deep", action="store_true", help="train again for ablation, learning curve and seeds; and explain three rows"
    )


def run(options: argparse.Namespace) -> int:
    """Show what is asked for; nothing that was computed before is computed again."""
    result = find(Project(options.spec.parent), options.run_number)
    if options.row is not None or options.file:
        return _rows(result, options)
    record = result.explanation
    if record is None:
        raise NotFound(
            f"run {result.run.id} was made without the stage 'explain'",
            next_move="volvelle run turns the wheel again; all but the new stage is taken from the store",
        )
    if options.deep:
        with terminal.Progress() as progress:
            deepen(result, progress)
    ablated, learnt = kept(result, "ablate", Ablation), kept(result, "learn", Learning)
    single = kept(result, "reason", Reasons)
    if options.json:
        records = {"explanation": record, "ablation": ablated, "learning": learnt, "reasons": single}
        print_json({"run": result.run.id} | {k: msgspec.to_builtins(v) for k, v in records.items()})
        return 0
    told = [answers.explanation(record)]
    told += [answers.ablation(ablated)] if ablated else []
    told += [answers.learning(learnt)] if learnt else []
    told += [answers.reasons(single)] if single else []
    _say("\n\n".join(told))
    if options.deep:
        report: Any = import_late("volvelle.ui.report", "the report")
        print(f"\nReport:  {shown(report.write(result))}", flush=True)
        print_next(options, f"volvelle explain {result.run.id} --row 1")
    else:
        print_next(options, f"volvelle explain {result.run.id} --row 1", f"volvelle explain {result.run.id} --deep")
    return 0


def _rows(result: Result, options: argparse.Namespace) -> int:
    if options.file:
        kinds = {f.name: f.kind for f in result.model.signature.features}
        rows = read_rows(options.file, result.spec.data, result.spec.features, Path.cwd(), kinds).settled
        numbers = list(range(1, len(rows) + 1))
    else:
        rows, numbers = stored_row(result, options.row), [options.row]
    found: tuple[Attribution, ...] = why(result, rows)
    if options.json:
        listed = [{"row": n, **msgspec.to_builtins(a)} for n, a in zip(numbers, found, strict=True)]
        print_json({"run": result.run.id, "rows": listed})
        return 0
    kind = "Row" if options.file else "Test row"
    _say("\n\n".join(answers.attribution(a, f"{kind} {n}") for n, a in zip(numbers, found, strict=True)))
    print_next(options, f"volvelle explain {result.run.id}")
    return 0


def _say(text: str) -> None:
    print(terminal.fitting(text, sys.stdout), flush=True)
