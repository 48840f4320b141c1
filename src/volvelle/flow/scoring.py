"""Answers a batch with the champion, block by block, and notes every answer in the live log."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
from msgspec.structs import replace

from volvelle.data.collect import Rows, read_blocks, read_rows
from volvelle.errors import DataError, InputError, near
from volvelle.flow import registry
from volvelle.flow.context import Notify
from volvelle.flow.gathering import live_folder
from volvelle.flow.sink import Sink
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.model.derive import class_text
from volvelle.model.signature import Signature
from volvelle.serve.journal import JOURNALS
from volvelle.serve.log import column_name, record, settle
from volvelle.serve.records import Outcome
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Data, Spec

BLOCK = 50_000
"""Rows that are in memory at once."""
ID = "prediction_id"
"""The column of made ids beside the answers."""


class Batch(NamedTuple):
    """What came of scoring."""

    release: str
    rows: int
    made: bool
    """Whether ids were made; they stand in the column `ID` of the answers."""


def score(
    project: Project, data: Data, sink: Sink, notify: Notify, *, name: str = "", folder: Path | None = None
) -> Batch:
    """Answer every row that `data` names, write the answers beside the rows, note them in the live log.

    Args:
        project: whose champion answers.
        data: where the rows are; layout keys that are not set are those of the champion's spec.
        sink: takes the rows with their answers.
        notify: told of progress.
        name: the column of ids; they are made where it is empty.
        folder: where relative paths start; the current one by default.

    Raises:
        NotFound: nothing has been released.
        InputError: rows cannot be read or answered, or lack the column of ids.
    """
    release, _ = registry.champion(project)
    predictor, spec = registry.champion_model(project)
    live, mark, done = live_folder(project), secrets.token_hex(6), 0
    kinds = {feature.name: feature.kind for feature in predictor.signature.features}
    asked = replace(spec.data, source=data.source, query=data.query)
    for block in read_blocks(asked, spec.features, folder or Path.cwd(), kinds, BLOCK):
        answers = predictor.predict(block.settled)
        ids = _ids(block, name, mark, done)
        record(live, logged(block.settled, ids, predictor.signature, spec), answers, release=release.name, at=_now())
        sink.write(_beside(block.given, answers, None if name else ids, data.source))
        done += len(answers)
        notify("rows", {"rows": done})
    return Batch(release.name, done, not name)


def logged(settled: pl.DataFrame, ids: pl.Series, signature: Signature, spec: Spec) -> pl.DataFrame:
    """What the live log keeps of rows: features, what orders, groups or slices them, and what may become a feature.

    A column of one value teaches nothing and is no feature. Where it begins to vary only live rows show it, so that
    numbers, times and declared categories are kept unless the spec ignores them. Other texts may be names of people.
    """
    slices = [condition.column for gate in spec.require.gates for condition in parse(gate).where]
    beside = [spec.data.time, spec.data.group, *spec.data.sensitive, *slices]
    named = [f.name for f in signature.features] + [n for n in beside if n is not None]
    names = dict.fromkeys([*named, *(c.name for c in settled.iter_columns() if _may_teach(c, spec))])
    kept = [settled[n].alias(column_name(n)) for n in names if n in settled.columns and n != signature.target]
    return pl.DataFrame([ids.cast(pl.String).alias("id"), *kept])


def _may_teach(column: pl.Series, spec: Spec) -> bool:
    declared = spec.features.get(column.name)
    if column.name in spec.data.ignore or (declared is not None and declared.role == "ignore"):
        return False
    named = declared is not None and (declared.role == "category" or bool(declared.categories))
    return column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean or named


def told(project: Project, file: str, spec: Spec, *, name: str, outcome: str) -> int:
    """Take up what really happened, from a table; how many rows it had.

    Args:
        project: whose live log takes them.
        file: the table, in a form that a data source reads.
        spec: the requirements: how text is read.
        name: the column of ids.
        outcome: the column that says what happened.

    Raises:
        InputError: the table cannot be read or lacks a column.
    """
    rows = read_rows(file, spec.data, spec.features, Path.cwd()).settled
    for column in (name, outcome):
        if column not in rows.columns:
            raise DataError(f"the rows have no column {column!r}", where=file, next_move=near(column, rows.columns))
    known = rows.filter(pl.col(name).is_not_null() & pl.col(outcome).is_not_null())
    bring(live_folder(project), known[name], known[outcome], _now())
    return known.height


def bring(live: Path, ids: pl.Series, outcomes: pl.Series, at: datetime) -> None:
    """Put what really happened into the live log.

    Args:
        live: the folder of all that is live.
        ids: of the predictions.
        outcomes: what happened to each of them.
        at: when that became known.
    """
    stamp = int(at.timestamp() * 1e6)
    pairs = zip(class_text(ids), class_text(outcomes), strict=True)
    lines = msgspec.json.Encoder().encode_lines([Outcome(id=i, at=stamp, outcome=o) for i, o in pairs])
    write_atomic(live / JOURNALS / f"outcomes-{stamp}-{secrets.token_hex(4)}.jsonl", lines)
    settle(live)


def _now() -> datetime:
    return datetime.now(UTC)


def _ids(block: Rows, name: str, mark: str, done: int) -> pl.Series:
    """Ids as text: as the rows give them, or made."""
    rows = block.settled.height
    if not name:
        return pl.Series(ID, [f"{mark}-{done + n}" for n in range(rows)])
    if name not in block.settled.columns:
        raise DataError(f"the rows have no column {name!r}", next_move=near(name, block.settled.columns))
    ids = class_text(block.settled[name])
    if ids.null_count():
        first = ids.is_null().arg_true()[0] + done + 1
        raise DataError(f"{ids.null_count()} rows have no id, the first is row {first}", where=f"column {name!r}")
    return ids


def _beside(given: pl.DataFrame, answers: pl.DataFrame, ids: pl.Series | None, where: str) -> pl.DataFrame:
    parts = [given, *([] if ids is None else [ids.alias(ID).to_frame()]), answers]
    clash = [n for part in parts[1:] for n in part.columns if n in given.columns]
    if clash:
        raise InputError(
            f"the rows have a column {clash[0]!r} already", where=where, next_move=f"rename {clash[0]!r} in the rows"
        )
    return pl.concat(parts, how="horizontal")
