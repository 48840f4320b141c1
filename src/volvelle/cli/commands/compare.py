"""Compare two runs: what was asked differently and what came out, with intervals.

Example:
  volvelle compare 1 2
"""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, print_rows, spec_option
from volvelle.flow.comparison import Compared, compare
from volvelle.flow.result import find
from volvelle.flow.turn import Project


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("a", type=int, metavar="A", help="number of a run")
    parser.add_argument("b", type=int, metavar="B", help="number of another run")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """B minus A, metric by metric; paired where both predicted the same test rows."""
    project = Project(options.spec.parent, existing=True)
    found = compare(find(project, options.a), find(project, options.b))
    if options.json:
        print_json(msgspec.to_builtins(found))
        return 0
    if found.changed:
        print_rows([("changed", f"run {options.a}", f"run {options.b}"), *found.changed])
    else:
        print("Both runs had the same spec.")
    print()
    print_rows([("metric", f"run {options.a}", f"run {options.b}", "difference", "better"), *map(_line, found.metrics)])
    print(f"\n{found.note}")
    print_next(options, f"volvelle show {options.b}")
    return 0


def _line(row: Compared) -> tuple[str, ...]:
    def shown(value: Any) -> str:
        return "-" if value is None else f"{value:.4f}"

    interval = f" [{row.low:+.4f}, {row.high:+.4f}]" if row.low is not None and row.high is not None else ""
    difference = "-" if row.difference is None else f"{row.difference:+.4f}{interval}"
    return row.metric, shown(row.a), shown(row.b), difference, row.better
