"""Predict the rows of a file with the champion, or with the model of a run.

Example:
  volvelle predict new.csv
  volvelle predict new.csv -o answers.parquet --run 3
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.data.collect import read_rows
from volvelle.errors import InputError
from volvelle.flow.registry import champion_model
from volvelle.flow.result import find
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.model.predictor import Predictor
from volvelle.spec.requirements import Spec

_SUFFIXES = (".csv", ".parquet", ".json")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", metavar="FILE", help="rows to predict, in a form that a data source reads")
    parser.add_argument(
        "--run", type=int, dest="run_number", metavar="RUN", help="a run's model instead of the champion"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("-o", "--output", type=Path, metavar="FILE", help="write .csv, .parquet or .json here")
    json_option(way)
    parser.add_argument("--only", action="store_true", help="leave the input columns out")
    spec_option(parser)


def run(options: argparse.Namespace) -> int:
    """Read by the model's own spec, encode by its signature, answer. Standard output gets CSV unless told otherwise."""
    _check_output(options)
    predictor, spec = _model(options)
    kinds = {feature.name: feature.kind for feature in predictor.signature.features}
    rows = read_rows(options.file, spec.data, spec.features, Path.cwd(), kinds)
    answers = predictor.predict(rows.settled)
    if options.json:
        print_json({"rows": len(answers), "predictions": answers.to_dicts()})
        return 0
    table = answers if options.only else _beside(rows.given, answers, options.file)
    if options.output is None:
        sys.stdout.write(_csv(table))
    else:
        _write(table, options.output)
        print(f"{len(answers)} rows predicted: {options.output}", file=sys.stderr)
        print_next(options, "volvelle report")
    return 0


def _check_output(options: argparse.Namespace) -> None:
    if options.output is None:
        return
    if options.output.suffix not in _SUFFIXES:
        raise InputError(
            f"predictions are not written as {options.output.suffix or 'a file without suffix'}",
            where=str(options.output),
            next_move=f"end the name in {', '.join(_SUFFIXES)}",
        )
    if options.output.resolve() == Path(options.file).resolve():
        raise InputError(
            "the predictions would overwrite their input", where=str(options.output), next_move="name another file"
        )


def _model(options: argparse.Namespace) -> tuple[Predictor, Spec]:
    project = Project(options.spec.parent, existing=True)
    if options.run_number is None:
        return champion_model(project)
    result = find(project, options.run_number)
    return Predictor(result.onnx, result.model.signature), result.spec


def _beside(given: pl.DataFrame, answers: pl.DataFrame, file: str) -> pl.DataFrame:
    """The rows as they were given, with the answers beside them."""
    clash = [name for name in answers.columns if name in given.columns]
    if clash:
        raise InputError(
            f"the rows have a column {clash[0]!r} already", where=file, next_move="--only leaves the input columns out"
        )
    return pl.concat([given, answers], how="horizontal")


def _csv(table: pl.DataFrame) -> str:
    """An empty cell stays empty rather than becoming a pair of quotes."""
    return table.with_columns(pl.col(pl.String).replace("", None)).write_csv()


def _write(table: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        content = _csv(table).encode()
    elif path.suffix == ".json":
        content = table.write_json().encode()
    else:
        temporary = path.with_name(f".{path.name}.new")
        table.write_parquet(temporary)
        temporary.replace(path)
        return
    try:
        write_atomic(path, content)
    except OSError as error:
        raise InputError(f"the predictions cannot be written: {error.strerror}", where=str(path)) from error
