"""Options and output that commands share."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from volvelle.errors import visible
from volvelle.spec.read import FILE

if TYPE_CHECKING:
    from volvelle.flow.result import Result


def spec_option(parser: argparse.ArgumentParser) -> None:
    """``--spec``: which spec file."""
    parser.add_argument("--spec", type=Path, default=Path(FILE), metavar="FILE", help=f"the spec (default: {FILE})")


def run_argument(parser: argparse.ArgumentParser) -> None:
    """``RUN``: which run, as `run_number`; the newest finished one by default."""
    parser.add_argument("run_number", nargs="?", type=int, metavar="RUN", help="number of a run (default: the newest)")


def json_option(parser: argparse._ActionsContainer) -> None:
    """``--json``: one document on standard output and nothing else."""
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")


def shown(path: Path) -> str:
    """A path as people read it: relative where it lies below the current folder."""
    place = path.resolve()
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else str(path)


def print_json(document: Any) -> None:
    """One JSON document; NaN stands in it as null."""
    print(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())


def print_next(options: argparse.Namespace, *moves: str) -> None:
    """The clear next step, on standard error: a command carries what it needs to find the same spec."""
    spec = getattr(options, "spec", Path(FILE))
    needed = f" --spec {shlex.quote(str(spec))}" if str(spec) != FILE else ""
    for position, move in enumerate(moves):
        whole = move + needed if move.startswith("volvelle ") else move
        print(f"{'Next:' if position == 0 else '     '} {whole}", file=sys.stderr)


def next_of(result: Result, released: str | None) -> tuple[str, ...]:
    """What to do after a run, by its verdicts and by whether it is released."""
    number, kinds = result.run.id, {v.verdict for v in result.evidence.verdicts}
    if released:
        return "volvelle predict FILE", f"volvelle report {number} --open"
    if kinds <= {"pass"}:
        return (f"volvelle release {number}",)
    if kinds <= {"pass", "not proven"}:
        return (
            "bring more test rows, or let a person answer for what is not proven:",
            f"volvelle release {number} --accept-unproven 'WHO AND WHY'",
        )
    return f"volvelle report {number} --open", "change the data, the [search] budget or the requirement, and run again"


def print_rows(rows: list[tuple[str, ...]]) -> None:
    """Aligned columns; the first row is the heading."""
    shown = [tuple(map(visible, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
