"""Make the release before the champion the champion again.

Example:
  volvelle rollback
  volvelle rollback --to pump-failure-3
"""

from __future__ import annotations

import argparse

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, shown, spec_option
from volvelle.flow import registry
from volvelle.flow.turn import Project


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)
    parser.add_argument("--to", default="", metavar="RELEASE", help="which release (default: the one before)")


def run(options: argparse.Namespace) -> int:
    """Crown an earlier release after its files were compared with their hashes."""
    release, folder = registry.rollback(Project(options.spec.parent, existing=True), to=options.to)
    if options.json:
        print_json({"folder": str(folder), **msgspec.to_builtins(release)})
        return 0
    print(f"{release.name} is the champion again: {shown(folder)}")
    print_next(options, "volvelle predict FILE", "volvelle runs")
    return 0
