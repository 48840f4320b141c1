"""Write the HTML report of a run and say where it is.

Example:
  volvelle report
  volvelle report 3 -o report.html --open
"""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from volvelle.cli.options import json_option, next_of, print_json, print_next, run_argument, shown, spec_option
from volvelle.flow.result import find, released_as
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.ui.drawn import report_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    run_argument(parser)
    spec_option(parser)
    json_option(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="also copy it here")
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def run(options: argparse.Namespace) -> int:
    """Draw the report from the stored records, if it is not drawn yet."""
    result = find(Project(options.spec.parent, existing=True), options.run_number)
    path = report_of(result)
    if options.output and options.output.resolve() != path.resolve():
        write_atomic(options.output, path.read_bytes())
        path = options.output
    if options.json:
        print_json({"report": str(path)})
    else:
        print(shown(path))
        print_next(options, *next_of(result, released_as(result)))
    if options.open:
        webbrowser.open(path.resolve().as_uri())
    return 0
