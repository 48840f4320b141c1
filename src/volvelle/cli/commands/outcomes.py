"""Bring what really happened, by the ids of the predictions.

Example:
  volvelle outcomes labels.csv --id order --outcome returned
"""

from __future__ import annotations

import argparse

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.flow.scoring import told
from volvelle.flow.turn import Project
from volvelle.spec.read import read


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", metavar="FILE", help="a table of ids and outcomes, in a form that a data source reads")
    parser.add_argument("--id", required=True, metavar="COLUMN", help="the column of ids")
    parser.add_argument("--outcome", metavar="COLUMN", help="the column of outcomes (default: the target)")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Take them up, exactly once."""
    spec = read(options.spec)
    project = Project(options.spec.parent, existing=True)
    rows = told(project, options.file, spec, name=options.id, outcome=options.outcome or spec.problem.target)
    if options.json:
        print_json({"outcomes": rows})
        return 0
    print(f"{rows} outcomes taken up")
    print_next(options, "volvelle watch")
    return 0
