"""Options and output that commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from volvelle.spec.read import FILE


def spec_option(parser: argparse.ArgumentParser) -> None:
    """``--spec``: which spec file."""
    parser.add_argument("--spec", type=Path, default=Path(FILE), metavar="FILE", help=f"the spec (default: {FILE})")


def run_argument(parser: argparse.ArgumentParser) -> None:
    """``RUN``: which run, as `run_number`; the newest finished one by default."""
    parser.add_argument("run_number", nargs="?", type=int, metavar="RUN", help="number of a run (default: the newest)")


def json_option(parser: argparse.ArgumentParser) -> None:
    """``--json``: one document on standard output and nothing else."""
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")


def shown(path: Path) -> str:
    """A path as people read it: relative where it lies below the current folder."""
    place = path.resolve()
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else str(path)


def print_json(document: Any) -> None:
    """One JSON document; NaN stands in it as null."""
    print(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())


def print_next(*moves: str) -> None:
    """The clear next step, on standard error."""
    for position, move in enumerate(moves):
        print(f"{'Next:' if position == 0 else '     '} {move}", file=sys.stderr)


def print_rows(rows: list[tuple[str, ...]]) -> None:
    """Aligned columns; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
