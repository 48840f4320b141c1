"""Versions of the data that runs pinned: list, compare, write out; and erase received rows.

Example:
  volvelle data log
  volvelle data diff 3f2a 9bc0
  volvelle data checkout 3f2a -o then.csv
  volvelle data erase who=ana
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import polars as pl

from volvelle.cli.options import json_option, print_json, print_next, print_rows, spec_option
from volvelle.data.dispatch import listener_of
from volvelle.errors import InputError, visible
from volvelle.flow.history import SHORT, compare_versions, find_version, rows_of, versions
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.spec.read import read

_SUFFIXES = (".csv", ".parquet")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    log = actions.add_parser("log", help="list the versions, newest last")
    diff = actions.add_parser("diff", help="how a version differs from another, column by column and in its rows")
    diff.add_argument("a", metavar="A", help="the first characters of a version")
    diff.add_argument("b", metavar="B", help="of the other one")
    checkout = actions.add_parser("checkout", help="write the rows of a version into a file")
    checkout.add_argument("version", metavar="V", help="the first characters of a version")
    checkout.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a .csv or .parquet file")
    checkout.add_argument("--force", action="store_true", help="overwrite an existing file")
    erase = actions.add_parser("erase", help="erase what volvelle listen received of one person or device")
    erase.add_argument("cell", metavar="COLUMN=VALUE", help="rows whose column has this value")
    for action in (log, diff, checkout, erase):
        spec_option(action)
        json_option(action)


def run(options: argparse.Namespace) -> int:
    """Do one of the four."""
    project = Project(options.spec.parent)
    return {"log": _log, "diff": _diff, "checkout": _checkout, "erase": _erase}[options.action](project, options)


def _log(project: Project, options: argparse.Namespace) -> int:
    found = versions(project)
    if options.json:
        print_json({"versions": msgspec.to_builtins(found)})
        return 0
    if not found:
        print("no version yet")
        print_next(options, "volvelle run")
        return 0
    heading = ("version", "rows", "columns", "first seen", "runs", "source")
    rows = [(v.version[:SHORT], str(v.rows), str(v.columns), v.first, _runs(v.runs), v.source) for v in found]
    print_rows([heading, *rows])
    print_next(options, "volvelle data diff A B", "volvelle data checkout V -o FILE")
    return 0


def _runs(runs: tuple[int, ...]) -> str:
    return (
        str(runs[0]) if len(runs) == 1 else f"{runs[0]} to {runs[-1]}" if len(runs) > 3 else ", ".join(map(str, runs))
    )


def _diff(project: Project, options: argparse.Namespace) -> int:
    a, b = find_version(project, options.a), find_version(project, options.b)
    found = compare_versions(project, a, b)
    if options.json:
        print_json(msgspec.to_builtins(found))
        return 0
    if found.changes:
        heading = ("column", "change", a.version[:SHORT], b.version[:SHORT])
        print_rows([heading, *((c.column, c.what, c.before or "-", c.after or "-") for c in found.changes)])
    else:
        print("No column has changed.")
    every = found.compared and len(found.compared) == a.columns == b.columns
    by = "" if every else f", compared by {len(found.compared)} shared columns"
    print(f"\nRows: {a.rows} before, {b.rows} after; {found.added} added, {found.removed} removed{by}")
    print_next(options, f"volvelle data checkout {b.version[:SHORT]} -o FILE")
    return 0


def _checkout(project: Project, options: argparse.Namespace) -> int:
    path: Path = options.output
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(
            f"rows are not written as {path.suffix or 'a file without suffix'}",
            where=str(path),
            next_move=f"end the name in {' or '.join(_SUFFIXES)}",
        )
    if path.exists() and not options.force:
        raise InputError("a file is here already", where=str(path), next_move="--force overwrites it")
    version = find_version(project, options.version)
    if path.suffix.lower() == ".parquet":
        content = project.store.get(version.version)
    else:
        content = rows_of(project, version.version).write_csv().encode()
    try:
        write_atomic(path, content)
    except OSError as error:
        raise InputError(
            f"the rows cannot be written: {error.strerror}", where=str(path), next_move="name another place"
        ) from error
    if options.json:
        print_json({"version": version.version, "rows": version.rows, "columns": version.columns, "file": str(path)})
    else:
        print(f"Wrote {path}: {version.rows} rows, {version.columns} columns of version {version.version[:SHORT]}")
    return 0


def _erase(project: Project, options: argparse.Namespace) -> int:
    column, equals, value = options.cell.partition("=")
    if not equals or not column:
        raise InputError(f"{options.cell!r} names no cell", where="COLUMN=VALUE", next_move="e.g. who=ana")
    listener, where = listener_of(read(options.spec).data.source)
    count = listener.table(where, project.folder).erase(column, value)
    holding = [v.version[:SHORT] for v in versions(project) if _holds(project, v.version, column, value)]
    if options.json:
        print_json({"column": column, "value": value, "rows": count, "versions": holding})
        return 0
    print(f"Erased {count:,} rows with {visible(options.cell)} from what was received, and from what was set aside")
    if holding:
        print(f"  versions of earlier runs still hold such rows: {', '.join(holding)}; they lie in {project.state}")
    print_next(options, "volvelle run")
    return 0


def _holds(project: Project, version: str, column: str, value: str) -> bool:
    frame = rows_of(project, version)
    return column in frame.columns and bool((frame[column].cast(pl.String) == value).any())
