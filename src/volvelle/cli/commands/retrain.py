"""Turn the wheel again: a challenger from new data, which takes over only if it is better.

Example:
  volvelle retrain
  volvelle retrain --why "the new sensor is mounted"
"""

from __future__ import annotations

import argparse

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.flow import registry
from volvelle.flow.retraining import retrain
from volvelle.flow.turn import Project
from volvelle.spec.read import read
from volvelle.ui import terminal
from volvelle.ui.drawn import report_bytes
from volvelle.ui.watched import decided


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)
    parser.add_argument("--why", default="by hand", metavar="TEXT", help="the reason, for the record")
    parser.add_argument("--by", default="", metavar="WHO", help="who asks for it (default: the system's user)")


def run(options: argparse.Namespace) -> int:
    """Gather, turn, compare, decide."""
    spec = read(options.spec)
    project = Project(options.spec.parent, existing=True)
    progress = terminal.Progress()
    try:
        decision = retrain(
            project,
            spec,
            progress,
            why=(options.why or "by hand",),
            report=report_bytes,
            by=options.by or registry.user(),
        )
    finally:
        progress.close()
    if options.json:
        print_json(msgspec.to_builtins(decision))
        return 0
    print(decided(decision))
    if decision.outcome == "promoted":
        print_next(options, "volvelle watch", "volvelle rollback")
    else:
        print_next(options, f"volvelle show {decision.run}", f"volvelle promote {decision.run} --by WHO --why REASON")
    return 0
