"""Gathers what a challenger learns from: the source of the spec again, and live rows whose outcomes are known.

The newest rows that the champion has never seen become the test side that both models are measured on. A live row
that the source holds by now, outcome and all, is counted once.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from volvelle.data import collect as reading
from volvelle.data.times import UTC
from volvelle.data.versions import digest, from_bytes, to_bytes
from volvelle.deploy import release as releasing
from volvelle.deploy.records import Release
from volvelle.errors import Refused
from volvelle.flow.decisions import Learnt, Rows, decisions
from volvelle.flow.outcomes import OUTCOME, join
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import STATE, Project
from volvelle.prepare.split import MARK
from volvelle.serve.log import column_name, outcomes, predictions
from volvelle.spec.requirements import Spec, SplitSpec
from volvelle.spec.units import quantity

LIVE, PINNED = "live", "data"
SIDE = "volvelle side"
"""The column that says which rows are held back."""
FEWEST = 50
"""Fewer rows to compare two models on say nothing."""
ENOUGH = 200
"""Fewer new rows than these are not learnt from alone."""
NEW = "new"
"""What `SIDE` says in the rows that the champion has never seen, and that a challenger may learn from."""
_MOST_WINDOWS, _VARIED = 4, 20
_NTH = "volvelle occurrence"


class Gathered(NamedTuple):
    """Rows for a challenger."""

    frame: pl.DataFrame
    rows: Rows
    unlogged: tuple[str, ...]
    """Columns that live rows lack, because the champion does not take them: a challenger must not learn from them."""
    until: int
    """Time of the newest live row among them, microseconds since 1970 UTC; 0 without any."""


def live_folder(project: Project) -> Path:
    """Where everything live lies."""
    return project.state / LIVE


def due_before(spec: Spec, now: int) -> int | None:
    """Predictions up to this time should have an outcome; None where they have it at once. In microseconds."""
    late = spec.monitor.outcomes_after
    return None if late is None else now - int(quantity(late, "seconds") * 1e6)


def gather(project: Project, spec: Spec, champion: Release, now: int, window: int) -> Gathered:
    """All rows there are, those to hold back marked in the column `SIDE`.

    Args:
        project: where releases and live rows lie.
        spec: the requirements.
        champion: what the challenger is up against.
        now: the time, in microseconds since 1970 UTC.
        window: rows of a window; at most four of them are held back.

    Raises:
        InputError: the source cannot be read.
        Refused: too few rows are new to the champion.
    """
    frame, _ = reading.collect(spec.data, spec.features, project.folder)
    target, live = spec.problem.target, live_folder(project)
    joined = join(predictions(live, role="champion"), outcomes(live), due=due_before(spec, now))
    told = joined.rows.filter(pl.col(OUTCOME).is_not_null())
    until = int(told["at"].dt.timestamp("us").max() or 0) if told.height else 0  # type: ignore[arg-type]
    compared = list(frame.columns)
    added = frame.clear()
    if told.height:
        compared = [c for c in frame.columns if column_name(c) in told.columns or c == target]
        shaped = _shaped(told, frame.schema, spec)
        grown = frame.filter(~_within(frame, _rows_of(project, _first(project)), compared))
        added = shaped.filter(~_within(shaped, grown, compared))
    whole = pl.concat([frame, added]).with_row_index("\0row")
    known = whole.filter(pl.col(target).is_not_null())
    fresh = known.filter(~_within(known, _rows_of(project, _known_to(project, champion)), compared))
    if spec.data.time is not None:
        fresh = fresh.sort(spec.data.time, maintain_order=True)
    wanted = min(max(FEWEST, fresh.height // 2), _MOST_WINDOWS * window)
    if fresh.height < 2 * FEWEST:
        raise Refused(
            f"{fresh.height} rows with outcomes are new since {champion.name}; {2 * FEWEST} are needed to compare it "
            f"with a challenger",
            next_move="volvelle outcomes FILE brings what really happened, or let the source grow",
        )
    new, held = (pl.col("\0row").is_in(rows.implode()) for rows in (fresh["\0row"], fresh["\0row"].tail(wanted)))
    side = pl.when(held).then(pl.lit(MARK)).when(new).then(pl.lit(NEW)).otherwise(pl.lit("old")).alias(SIDE)
    rows = Rows(source=frame.height, live=added.height, fresh=fresh.height, test=wanted)
    kept = (target, spec.data.time, spec.data.group, *spec.data.ignore)
    unlogged = tuple(c for c in frame.columns if added.height and c not in (*compared, *kept))
    return Gathered(whole.with_columns(side).drop("\0row"), rows, unlogged, until)


def lessons(gathered: Gathered, target: str) -> dict[Learnt, pl.DataFrame]:
    """What challengers learn from: all rows, and the new ones alone where they are many and varied enough."""
    frame = gathered.frame
    new = frame.filter(pl.col(SIDE) != "old")
    learnt = new.filter(pl.col(SIDE) == NEW)[target]
    few = learnt.len() < ENOUGH or learnt.n_unique() < min(frame[target].n_unique(), _VARIED)
    return {"all rows": frame} if few or new.height == frame.height else {"all rows": frame, "new rows": new}


def pin(project: Project, frame: pl.DataFrame) -> tuple[str, str]:
    """Freeze the rows as a file named by its hash; its path relative to the project, and the whole hash."""
    content = to_bytes(frame)
    version = digest(content)
    path = f"{STATE}/{LIVE}/{PINNED}/{version[:16]}.parquet"
    if not (project.folder / path).exists():
        write_atomic(project.folder / path, content)
    return path, version


def challenging(spec: Spec, path: str, unlogged: tuple[str, ...] = ()) -> Spec:
    """The same requirements and search over pinned rows; marked ones are held back, unlogged columns ignored."""
    data = replace(spec.data, source=path, query=None, ignore=(*spec.data.ignore, *unlogged))
    return replace(spec, data=data, split=SplitSpec(method="marked", column=SIDE))


def _rows_of(project: Project, version: str) -> pl.DataFrame:
    return from_bytes(project.store.get(version))


def _known_to(project: Project, champion: Release) -> str:
    """The data that were there when the champion was chosen; what it learnt from may be a part of them."""
    made = next((d for d in reversed(decisions(project.ledger)) if d.release == champion.name and d.tried), None)
    return champion.dataset if made is None else made.tried[0].version


def _first(project: Project) -> str:
    """The data of the first release: what the source has beyond them may be live rows that came back."""
    return releasing.read(project.folder / project.ledger.releases()[0]["path"]).dataset


def _shaped(told: pl.DataFrame, schema: pl.Schema, spec: Spec) -> pl.DataFrame:
    """Live rows with the columns of the source: what the log does not hold is missing."""
    made = []
    for name, dtype in schema.items():
        column = OUTCOME if name == spec.problem.target else column_name(name)
        if column in told.columns:
            cells = _cast(told[column], dtype)
        elif name == spec.data.time:
            cells = _after(told["at"], dtype)
        elif name == spec.data.group and dtype == pl.String:
            cells = told["id"]
        else:
            cells = pl.Series([None] * told.height, dtype=dtype)
        made.append(cells.alias(name))
    return pl.DataFrame(made)


def _cast(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Cells as the source has them; what does not fit is missing."""
    if cells.dtype == pl.String and dtype == pl.Boolean:
        return cells.str.to_lowercase().replace_strict({"true": True, "false": False}, default=None, return_dtype=dtype)
    if dtype == pl.Int64 and cells.dtype == pl.String:
        return cells.cast(pl.Float64, strict=False).cast(dtype, strict=False)
    return cells.cast(dtype, strict=False)


def _after(at: pl.Series, dtype: pl.DataType) -> pl.Series:
    """When a row was predicted, in the type of the source's time column: days, seconds or a time."""
    if dtype == UTC:
        return at.cast(dtype)
    return (at.dt.timestamp("us") / 1e6).cast(dtype, strict=False)


def _within(rows: pl.DataFrame, others: pl.DataFrame, columns: list[str]) -> pl.Series:
    """Which rows lie among the others too: a row that is there twice covers two."""
    shared = [c for c in columns if c in others.columns and rows.schema[c] == others.schema[c]]
    if not shared or not rows.height or not others.height:
        return pl.Series([False] * rows.height, dtype=pl.Boolean)
    keys = [_numbered(frame, shared) for frame in (rows, others)]
    return (
        keys[0]
        .join(
            keys[1].with_columns(found=pl.lit(value=True)),
            on=keys[0].columns,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )["found"]
        .fill_null(value=False)
    )


def _numbered(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """A hash of each row, and the how manieth of its kind it is."""
    row = frame.select(columns).hash_rows(seed=0).alias("row").to_frame()
    return row.with_columns(pl.int_range(pl.len()).over("row").alias(_NTH))
