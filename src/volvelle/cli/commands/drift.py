"""Compare two tables: which columns were lost or have drifted, by how much. 1 where something has.

Example:
  volvelle drift january.csv february.csv      two tables
  volvelle drift february.csv                  against the data of the newest run
  volvelle drift 3f2a 9bc0 -o drift.html       two versions of the data, as a page too
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, shown, spec_option
from volvelle.errors import InputError
from volvelle.flow.drifting import look
from volvelle.flow.store import write_atomic
from volvelle.spec.read import read
from volvelle.ui.drifted import page, text


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("tables", nargs="+", metavar="TABLE", help="a file, or a version: reference, then now")
    spec_option(parser)
    json_option(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write a page with the shapes of the columns")
    parser.add_argument("--test", action="append", default=[], metavar="NAME", help="ask this one; repeatable")


def run(options: argparse.Namespace) -> int:
    """Read both, compare, tell."""
    if len(options.tables) > 2:
        raise InputError(
            f"{len(options.tables)} tables are too many",
            where="volvelle drift",
            next_move="name a reference and a table",
        )
    spec = read(options.spec) if options.spec.exists() else None
    *reference, now = options.tables
    found = look(options.spec.parent, spec, next(iter(reference), None), now, options.test)
    if options.output:
        write_atomic(options.output, page(found).encode("utf-8"))
    if options.json:
        print_json({**msgspec.to_builtins(found), "drifted": found.drifted, "page": str(options.output or "")})
    else:
        print(text(found), flush=True)
        if options.output:
            print(f"\nPage:  {shown(options.output)}", flush=True)
            print_next(
                options, "volvelle retrain" if spec and found.drifted else f"volvelle explore {shlex.quote(now)}"
            )
        else:
            print_next(options, shlex.join(["volvelle", "drift", *options.tables, "-o", "drift.html"]))
    return 1 if found.drifted else 0
