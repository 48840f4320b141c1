"""Answer a batch with the champion: answers beside rows, each noted in the live log.

Example:
  volvelle score new.csv -o answers.csv --id order
  volvelle score sqlite:plant.db#today -o answers.parquet
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.errors import InputError
from volvelle.flow.scoring import ID, score
from volvelle.flow.sink import Sink
from volvelle.flow.turn import Project
from volvelle.spec.requirements import Data
from volvelle.ui import terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", metavar="FILE|SQL", help="rows to answer: a file, or the address of a database")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="write .csv, .parquet or .jsonl here"
    )
    parser.add_argument(
        "--id", default="", metavar="COLUMN", help="the column that names a row; outcomes are joined by it"
    )
    parser.add_argument("--query", default=None, metavar="SELECT", help="what to ask a database")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Read by the champion's own spec, answer block by block."""
    if options.output.resolve() == Path(options.file).resolve():
        raise InputError(
            "the answers would overwrite their input", where=str(options.output), next_move="name another file"
        )
    project = Project(options.spec.parent, existing=True)
    with terminal.Progress() as progress, Sink(options.output) as sink:
        done = score(project, Data(source=options.file, query=options.query), sink, progress, name=options.id)
    if options.json:
        print_json({"rows": done.rows, "release": done.release, "output": str(options.output), "ids": options.id or ID})
        return 0
    beside = f"; ids in column {ID}" if done.made else ""
    print(f"{done.rows} rows answered by {done.release}: {options.output}{beside}", file=sys.stderr)
    name = options.id or ID
    print_next(options, f"volvelle outcomes FILE --id {name} --outcome COLUMN", "volvelle watch")
    return 0
