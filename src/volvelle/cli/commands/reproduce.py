"""Rebuild a run from its record and compare the hashes of model and predictions.

Example:
  volvelle reproduce 1
"""

from __future__ import annotations

import argparse

from volvelle.cli.options import json_option, next_of, print_json, print_next, print_rows, run_argument, spec_option
from volvelle.flow.reproduce import reproduce
from volvelle.flow.result import find, released_as
from volvelle.flow.turn import Project
from volvelle.ui import terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    run_argument(parser)
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Split, train and predict again in an empty place. 1 if anything came out differently."""
    result = find(Project(options.spec.parent, existing=True), options.run_number)
    progress = terminal.Progress()
    try:
        rebuilt, moved = reproduce(result, progress)
    finally:
        progress.close()
    same = all(row.same for row in rebuilt)
    if options.json:
        print_json(
            {
                "run": result.run.id,
                "same": same,
                "compared": [{**row._asdict(), "same": row.same} for row in rebuilt],
                "environment": [row._asdict() for row in moved],
            }
        )
        return 0 if same else 1
    rows = [(r.what, r.recorded[:16], r.rebuilt[:16], "same" if r.same else "DIFFERENT") for r in rebuilt]
    print_rows([("what", "recorded", "rebuilt", ""), *rows])
    if moved:
        print("\nThis environment differs from the recorded one:")
        print_rows([("what", "recorded", "here"), *((r.what, r.recorded or "-", r.rebuilt or "-") for r in moved)])
    if same:
        print(f"\nRun {result.run.id} came out again, bit for bit.")
        print_next(options, *next_of(result, released_as(result)))
    else:
        print(f"\nRun {result.run.id} did not come out again.")
        print_next(options, "install the recorded versions (above) and reproduce again")
    return 0 if same else 1
