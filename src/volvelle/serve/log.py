"""The live log: what was answered and what really happened, as Parquet by day and release.

::

    live/journal/<worker>-<nanoseconds>.jsonl           what workers write; `settle` takes it up
    live/predictions/<day>/<release>/<hash>.parquet     id, at, role, features, prediction, score_0 ..., us
    live/outcomes/<day>/<hash>.parquet                  id, at, outcome
    live/refused/<day>/<hash>.parquet                   at, until, release, reason, field, requests
    live/sketches/<model and edges>/<hash>.bin          what devices counted, a record each
    live/signatures/<release>.json                      what the features of a release are

A feature that is called like a column of the log lies under ``row.<name>``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from volvelle.data.markers import MISSING
from volvelle.data.times import parse_times
from volvelle.data.values import column_of
from volvelle.errors import DataError, InputError
from volvelle.model.derive import class_text
from volvelle.model.signature import Feature, Signature
from volvelle.serve.forms import decoded, records
from volvelle.serve.journal import JOURNALS, OPEN, Line
from volvelle.serve.parquet import TORN, alone, append, parts_of
from volvelle.serve.records import Answered, Counted, Outcome, Settled, Unanswered

PREDICTIONS, OUTCOMES, REFUSED = "predictions", "outcomes", "refused"
SIGNATURES, SKETCHES = "signatures", "sketches"
_STAMP = pl.Datetime("us", "UTC")
_LINE = msgspec.json.Decoder(Line)
_OURS = ("id", "at", "release", "role", "prediction", "us")
OF = slice(3, 19)
"""Where a record of a device says of which model it is, and by which edges was counted."""
_PREDICTION: dict[str, Any] = {"id": pl.String, "at": _STAMP, "release": pl.String, "role": pl.String}
_OUTCOME: dict[str, Any] = {"id": pl.String, "at": _STAMP, "outcome": pl.String}
_UNANSWERED: dict[str, Any] = {"at": _STAMP, "until": _STAMP, "release": pl.String, "reason": pl.String}
_UNANSWERED |= {"field": pl.String, "requests": pl.Int64}


def column_name(feature: str) -> str:
    """The column of the log that holds a feature.

    >>> column_name("heat"), column_name("role"), column_name("score_1")
    ('heat', 'row.role', 'row.score_1')
    """
    taken = feature in _OURS or feature.removeprefix("score_").isdecimal()
    return f"row.{feature}" if taken else feature


def remember(live: Path, release: str, signature: Signature) -> None:
    """Keep the signature of a release that answers from now on: its features are settled by their kinds.

    Raises:
        InputError: it cannot be written.
    """
    path = live / SIGNATURES / f"{release}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, msgspec.json.encode(signature))
    except OSError as error:
        problem = f"the signature of {release} cannot be kept: {error.strerror}"
        raise InputError(
            problem, where=str(path.parent), next_move="make room, and let this user write there"
        ) from error


def settle(live: Path) -> Settled:
    """Take up every closed journal, and those whose worker is gone, exactly once."""
    if not (live / JOURNALS).is_dir():
        return Settled()
    with alone(live):
        _close_orphans(live)
        known: dict[str, Signature | None] = {}
        journals = predictions = outcomes = sketches = refused = torn = 0
        for journal in sorted((live / JOURNALS).glob("*.jsonl")):
            lines, broken = _read(journal)
            answered = [line for line in lines if isinstance(line, Answered)]
            told = [line for line in lines if isinstance(line, Outcome)]
            for (day, release), rows in _grouped(answered, lambda p: (_day(p.at), p.release)).items():
                folder = live / PREDICTIONS / day / release
                if release not in known:
                    known[release] = _signature(live, release)
                torn += append(folder, _answers(rows, known[release]), journal)
            for day, kept in _grouped(told, lambda o: _day(o.at)).items():
                torn += append(live / OUTCOMES / day, _told(kept), journal)
            unanswered = [line for line in lines if isinstance(line, Unanswered)]
            for day, shut in _grouped(unanswered, lambda u: _day(u.at)).items():
                torn += append(live / REFUSED / day, _shut(shut), journal)
            counted = [line.sketch for line in lines if isinstance(line, Counted)]
            _keep(live / SKETCHES, counted)
            journal.unlink()
            sketches, refused = sketches + len(counted), refused + sum(u.requests for u in unanswered)
            journals, torn = journals + 1, torn + broken
            predictions, outcomes = predictions + sum(len(a.predictions) for a in answered), outcomes + len(told)
    return Settled(
        journals=journals,
        predictions=predictions,
        outcomes=outcomes,
        sketches=sketches,
        refused=refused,
        torn=torn,
    )


def _keep(folder: Path, sketches: list[bytes]) -> None:
    """Put records of devices beside each other, by what they were counted of; the same one again changes nothing."""
    for sketch in sketches:
        path = folder / sketch[OF].hex() / f"{hashlib.sha256(sketch).hexdigest()}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, sketch)


def record(live: Path, rows: pl.DataFrame, answers: pl.DataFrame, *, release: str, at: datetime | pl.Series) -> None:
    """Log a batch that was answered elsewhere.

    Args:
        live: the folder of all that is live.
        rows: features by name; a column ``id`` that is no feature gives the ids, else they are made.
        answers: ``prediction`` and ``probability_<class>``, as `Predictor` gives them, row by row.
        release: who answered.
        at: when, in UTC: one time for all, or one a row.

    Raises:
        DataError: there is not one answer a row.
    """
    if rows.height != answers.height:
        raise DataError(f"{rows.height} rows have {answers.height} answers", where=release)
    stamps = at.cast(_STAMP) if isinstance(at, pl.Series) else pl.Series([at.astimezone(UTC)], dtype=_STAMP)
    mark = hashlib.blake2b(rows.hash_rows(seed=7).to_numpy().tobytes() + str(stamps[0]).encode(), digest_size=8)
    given = rows["id"].cast(pl.String) if "id" in rows.columns else None
    ids = given if given is not None else pl.Series([f"{mark.hexdigest()}-{n}" for n in range(rows.height)])
    scores = [name for name in answers.columns if name.startswith("probability_")]
    features = [c.alias(column_name(c.name)) for c in rows.iter_columns() if given is None or c.name != "id"]
    frame = pl.DataFrame(
        [
            ids.alias("id"),
            (stamps if len(stamps) == rows.height else stamps.new_from_index(0, rows.height)).alias("at"),
            pl.Series("role", ["champion"] * rows.height, dtype=pl.String),
            *features,
            answers["prediction"].alias("prediction"),
            *(answers[name].cast(pl.Float32).alias(f"score_{k}") for k, name in enumerate(scores)),
            pl.Series("us", [0] * rows.height, dtype=pl.Int64),
        ]
    )
    name = f"{release}-{mark.hexdigest()}"
    with alone(live):
        for (day,), part in frame.group_by(pl.col("at").dt.strftime("%Y-%m-%d"), maintain_order=True):
            append(live / PREDICTIONS / str(day) / release, part, Path(name))


def predictions(
    live: Path, *, since: datetime | None = None, until: datetime | None = None, release: str = "", role: str = ""
) -> pl.DataFrame:
    """Logged rows in the order of their time: id, at, release, role, features, prediction, score_k, us.

    Args:
        live: the folder of all that is live.
        since, until: from when on, and before when.
        release: of one release only.
        role: of one role only.
    """
    first, last = (None if t is None else t.astimezone(UTC) for t in (since, until))
    parts = []
    for folder in sorted((live / PREDICTIONS).glob(f"*/{release or '*'}")):
        day = folder.parent.name
        if (first and day < f"{first:%Y-%m-%d}") or (last and day > f"{last:%Y-%m-%d}"):
            continue
        name = pl.lit(folder.name).alias("release")
        parts += [part.with_columns(name) for part in parts_of(folder)]
    if not parts:
        return pl.DataFrame(schema=_PREDICTION)
    frame = pl.concat(parts, how="diagonal_relaxed").sort("at", maintain_order=True)
    wanted = [pl.lit(True)]
    wanted += [pl.col("at") >= first] if first else []
    wanted += [pl.col("at") < last] if last else []
    wanted += [pl.col("role") == role] if role else []
    return frame.filter(*wanted).select("id", "at", "release", "role", pl.exclude("id", "at", "release", "role"))


def outcomes(live: Path) -> pl.DataFrame:
    """What was told, in the order of its time, repeats among it: id, at, outcome as text."""
    parts = [part for folder in sorted((live / OUTCOMES).glob("*")) for part in parts_of(folder)]
    return pl.concat(parts).sort("at", maintain_order=True) if parts else pl.DataFrame(schema=_OUTCOME)


def refused(live: Path) -> pl.DataFrame:
    """Requests that were refused, in the order of their time: at, until, release, reason, field, requests."""
    parts = [part for folder in sorted((live / REFUSED).glob("*")) for part in parts_of(folder)]
    return pl.concat(parts).sort("at", maintain_order=True) if parts else pl.DataFrame(schema=_UNANSWERED)


def torn(live: Path) -> list[Path]:
    """Files of the log that could not be read and were set aside."""
    return sorted(live.glob(f"*/**/*.parquet{TORN}"))


def put(path: Path, content: bytes) -> None:
    """Write a small file whole or not at all."""
    temporary = path.with_name(f".new-{os.getpid()}-{path.name}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _close_orphans(live: Path) -> None:
    """Journals whose worker is gone are at their end."""
    for path in (live / JOURNALS).glob(f"*.jsonl{OPEN}"):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.rename(path.with_suffix(""))
        except (BlockingIOError, FileNotFoundError):
            continue


def _read(journal: Path) -> tuple[list[Line], int]:
    """The lines of a journal, and how many of them are no such record."""
    found: list[Line] = []
    broken = 0
    for line in journal.read_bytes().splitlines():
        try:
            found.append(_LINE.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            broken += 1
    return found, broken


def _grouped(items: Iterable[Any], key: Any) -> Mapping[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d}"


def _signature(live: Path, release: str) -> Signature | None:
    path = live / SIGNATURES / f"{release}.json"
    return msgspec.json.decode(path.read_bytes(), type=Signature) if path.is_file() else None


def _answers(requests: list[Answered], signature: Signature | None) -> pl.DataFrame:
    counts = [len(request.predictions) for request in requests]
    features = {f.name: f for f in signature.features} if signature else {}
    tables = [_table(request) for request in requests]
    names = list(features) or list(dict.fromkeys(name for table in tables for row in table for name in row))
    given = [value for request in requests for value in request.predictions]
    regression = all(isinstance(value, (int, float)) for value in given)
    scores = [np.frombuffer(r.scores, dtype="<f4").reshape(n, -1) for r, n in zip(requests, counts, strict=True) if n]
    each = [(request, number) for request, count in zip(requests, counts, strict=True) for number in range(count)]
    rows = [row for table in tables for row in table]
    return pl.DataFrame(
        [
            pl.Series("id", [f"{request.id}-{number}" for request, number in each], dtype=pl.String),
            pl.Series("at", [request.at for request, _ in each], dtype=pl.Int64).cast(_STAMP),
            pl.Series("role", [request.role for request, _ in each], dtype=pl.String),
            *(_settled(name, [row.get(name) for row in rows], features.get(name)) for name in names),
            pl.Series("prediction", given, dtype=pl.Float64 if regression else pl.String),
            *(pl.Series(f"score_{k}", column) for k, column in enumerate(np.concatenate(scores).T)),
            pl.Series("us", [request.us for request, _ in each], dtype=pl.Int64),
        ]
    )


def _table(request: Answered) -> list[dict[str, Any]]:
    """The rows of a request, their cells by feature."""
    names, matrix = request.names, None
    if request.matrix:
        matrix = np.frombuffer(request.matrix, dtype="<f8").reshape(-1, len(names))
    elif request.columns:
        matrix = np.frombuffer(request.columns, dtype="<f4").reshape(len(names), -1).T
    if matrix is not None:
        return [dict(zip(names, row, strict=True)) for row in matrix.tolist()]
    return records(decoded(request.rows))


def _settled(name: str, values: list[Any], feature: Feature | None) -> pl.Series:
    """One feature, as its kind has it; by what the cells look like where the kind is not known."""
    column, _ = column_of("x", values)
    if column is None:
        column = pl.Series("x", [None] * len(values), dtype=pl.String)
    if feature is None:
        return column.alias(column_name(name))
    kind = feature.kind
    if column.dtype == pl.String:
        markers = [marker for marker in MISSING if marker not in feature.categories]
        text = pl.col("x").str.strip_chars()
        column = column.to_frame().select(pl.when(~text.is_in(markers)).then(text)).to_series()
    if kind in ("number", "integer"):
        column = column.cast(pl.Float64, strict=False)
    elif kind == "time" and column.dtype == pl.String:
        column = parse_times(column)[0] if column.null_count() < len(column) else None
        column = pl.Series([None] * len(values), dtype=_STAMP) if column is None else column
    elif kind == "time":
        column = (column.cast(pl.Int64) * 1_000_000).cast(_STAMP)
    elif kind == "boolean":
        flag = class_text(column).str.to_lowercase()
        column = flag.replace_strict({"true": True, "1": True, "yes": True}, default=False, return_dtype=pl.Boolean)
        column = column.to_frame("x").select(pl.when(flag.is_not_null()).then(pl.col("x"))).to_series()
    else:
        column = class_text(column)
    return column.alias(column_name(name))


def _told(rows: list[Outcome]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series("id", [row.id for row in rows], dtype=pl.String),
            pl.Series("at", [row.at for row in rows], dtype=pl.Int64).cast(_STAMP),
            class_text(column_of("outcome", [row.outcome for row in rows])[0]).alias("outcome"),  # type: ignore[arg-type]
        ]
    )


def _shut(refusals: list[Unanswered]) -> pl.DataFrame:
    columns = {name: [getattr(one, name) for one in refusals] for name in _UNANSWERED}
    return pl.DataFrame(columns, schema_overrides={"at": pl.Int64, "until": pl.Int64}).cast(pl.Schema(_UNANSWERED))
