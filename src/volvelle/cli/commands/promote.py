"""Make a challenger the champion by hand; refused while one of its gates fails.

Example:
  volvelle promote --by ana@example.com --why "the old plant is shut"
  volvelle promote 4 --by li --why "40 rows are all there are"
"""

from __future__ import annotations

import argparse

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, run_argument, spec_option
from volvelle.flow.retraining import promote
from volvelle.flow.turn import Project
from volvelle.ui.drawn import report_bytes
from volvelle.ui.watched import decided


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    run_argument(parser)
    spec_option(parser)
    json_option(parser)
    parser.add_argument("--by", required=True, metavar="WHO", help="who decides")
    parser.add_argument("--why", required=True, metavar="REASON", help="kept with the release and the decision")


def run(options: argparse.Namespace) -> int:
    """Release the challenger's run and note who wanted it."""
    project = Project(options.spec.parent, existing=True)
    decision = promote(project, options.run_number, report_bytes, by=options.by, why=options.why)
    if options.json:
        print_json(msgspec.to_builtins(decision))
        return 0
    print(decided(decision))
    print_next(options, "volvelle watch", "volvelle rollback")
    return 0
