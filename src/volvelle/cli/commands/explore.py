"""Look at the data: leaks, gaps, duplicates and more, each with the line of spec that answers it.

Example:
  volvelle explore                                the data of the spec
  volvelle explore houses.csv --target price      a table without a spec
  volvelle explore --strict                       exit 1 while a high finding stands open
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.data.collect import collect
from volvelle.data.explore import explore
from volvelle.data.finding import grave
from volvelle.data.profile import Profile
from volvelle.data.records import Layout
from volvelle.data.table import Asked
from volvelle.errors import InputError, near, visible
from volvelle.flow.stages.explore import asked
from volvelle.spec.read import read
from volvelle.spec.requirements import Data
from volvelle.ui.findings import findings, tally
from volvelle.ui.wording import read_as


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a table (default: the data of the spec)")
    parser.add_argument("--target", metavar="COLUMN", help="with FILE: the column to predict")
    spec_option(parser)
    json_option(parser)
    parser.add_argument("--strict", action="store_true", help="exit 1 while a high finding is not accepted")


def run(options: argparse.Namespace) -> int:
    """Read, look, tell."""
    if options.file is None and options.target:
        raise InputError("--target goes with FILE", where="volvelle explore", next_move="the spec names its own target")
    name, found, layout = _looked(options)
    open_ones = grave(found.findings)
    if options.json:
        print_json(_document(name, found))
    else:
        print(f"{visible(name)}: {found.rows:,} rows, {len(found.columns):,} columns; {tally(found.findings)}")
        print(f"Read as: {told}\n" if (told := read_as(layout)) else "")
        print(findings(found.findings), flush=True)
        print_next(options, "volvelle run" if options.file is None else "volvelle init FILE --target COLUMN")
    return 1 if options.strict and open_ones else 0


def _looked(options: argparse.Namespace) -> tuple[str, Profile, Layout]:
    if options.file is None:
        spec = read(options.spec)
        frame, dataset = collect(spec.data, spec.features, options.spec.parent)
        return spec.data.source, explore(frame, dataset, asked(spec)), dataset.layout
    frame, dataset = collect(Data(source=options.file), {}, Path.cwd())
    if options.target and options.target not in frame.columns:
        raise InputError(
            f"--target: there is no column {options.target!r}",
            where=options.file,
            next_move=near(options.target, frame.columns),
        )
    return options.file, explore(frame, dataset, Asked(target=options.target or "")), dataset.layout


def _document(name: str, found: Profile) -> dict[str, Any]:
    return {
        "source": name,
        "rows": found.rows,
        "columns": len(found.columns),
        "duplicates": found.duplicates,
        "findings": [{"key": f.key, **msgspec.to_builtins(f)} for f in found.findings],
    }
