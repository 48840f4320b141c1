"""Write a commented volvelle.toml for a table.

Example:
  volvelle init houses.csv --target price
  volvelle init pumps.csv --target failed --positive yes --time stamp
  volvelle init pumps.csv --target failed --device cortex-m4f
"""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

import msgspec

from volvelle.cli.options import json_option, print_json, print_next
from volvelle.errors import InputError
from volvelle.flow.draft import draft
from volvelle.flow.store import write_atomic
from volvelle.spec.read import FILE, sound
from volvelle.spec.write import write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", metavar="FILE", help="the table")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict")
    parser.add_argument("--positive", metavar="CLASS", help="the class that metrics such as recall are about")
    parser.add_argument("--time", metavar="COLUMN", help="ordering column: the newest rows become the test side")
    parser.add_argument("--group", metavar="COLUMN", help="rows of one group never straddle the split")
    parser.add_argument("--device", metavar="NAME", help="the core or board that the model must run on")
    parser.add_argument("--name", metavar="NAME", help="name of the model (default: from the file)")
    parser.add_argument("-o", "--output", type=Path, default=Path(FILE), metavar="FILE", help=f"default: {FILE}")
    parser.add_argument("--force", action="store_true", help="overwrite an existing spec")
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Look at the data, write the spec."""
    if options.output.exists() and not options.force:
        raise InputError("a spec is here already", where=str(options.output), next_move="--force overwrites it")
    asked = {key: getattr(options, key) for key in ("target", "positive", "time", "group", "name", "device")}
    spec, notes = draft(options.file, asked, Path.cwd())
    write_atomic(options.output, write(sound(spec), notes).encode())
    if options.json:
        print_json({"spec": str(options.output), "requirements": msgspec.to_builtins(spec), "notes": notes})
        return 0
    print(f"Wrote {options.output}: a {spec.problem.task} model for {spec.problem.target!r}")
    for note in notes.values():
        print(textwrap.indent(note, "  "))
    print_next(options, "volvelle explore", "volvelle run")
    return 0
