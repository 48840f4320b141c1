"""Validate the spec without running anything; with --data also against the rows.

Example:
  volvelle check
  volvelle check --data --json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from volvelle.catalog import import_late
from volvelle.cli.options import json_option, print_json, print_next, print_rows, spec_option
from volvelle.errors import NotFound, SpecError, visible
from volvelle.spec.check import gates
from volvelle.spec.read import placed, read
from volvelle.spec.requirements import Spec
from volvelle.spec.sources import file_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)
    parser.add_argument(
        "--data", action="store_true", help="also read the data: which columns become features, and why"
    )


def run(options: argparse.Namespace) -> int:
    """Read the spec strictly; look whether a file source is there."""
    spec = read(options.spec)
    parsed = gates(spec)
    file = file_of(spec.data.source)
    source = options.spec.parent / (file or "")
    if file and not source.is_file():
        raise NotFound(
            f"the spec is sound, but its source {spec.data.source!r} is not there",
            where=str(source),
            next_move="put the file there or correct [data] source",
        )
    looked = _look(spec, options.spec) if options.data else None
    if options.json:
        document: dict[str, Any] = {
            "spec": str(options.spec),
            "gates": [{"gate": g.text, "bound": g.bound} for g in parsed],
        }
        print_json({**document, "data": looked._asdict()} if looked else document)
        return 0
    _show(spec, options, [gate.text for gate in parsed], looked)
    return 0


def _look(spec: Spec, path: Path) -> Any:
    try:
        return import_late("volvelle.flow.draft", "looking at the data").look(spec, path.parent)
    except SpecError as error:
        raise placed(error, path.read_text(encoding="utf-8-sig"), str(path)) from error


def _show(spec: Spec, options: argparse.Namespace, lines: list[str], looked: Any) -> None:
    print(f"{options.spec} is sound: target {spec.problem.target!r}, source {spec.data.source!r}, {len(lines)} gates")
    for line in lines or ["no gate: any model may be released; add some under [require]"]:
        print(f"  {visible(line)}")
    if looked:
        print(f"\n{looked.rows} rows; a {looked.task} model would see {len(looked.features)} features:")
        print_rows([("feature", "kind"), *looked.features])
        for note in looked.notes:
            print(f"Note: {visible(note)}")
    print_next(options, "volvelle run" if looked else "volvelle check --data", *([] if looked else ["volvelle run"]))
