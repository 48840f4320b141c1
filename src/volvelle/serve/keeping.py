"""What the live log lets go of: whole days that are over for longer than the spec keeps them.

With the rows of a day goes what was told about them, whenever it was told. How many rows went is kept, by day and
release: windows of what is left begin where they began before.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from volvelle.serve.log import OUTCOMES, PREDICTIONS, REFUSED, put
from volvelle.serve.parquet import alone, journals_of, parts_of, readable, write
from volvelle.spec.requirements import Record

FILE = "let_go.json"


class Gone(Record, frozen=True):
    """Rows that were answered by a release as the champion on a day, and are gone."""

    day: str
    release: str
    rows: int


class LetGo(NamedTuple):
    """What one look removed."""

    days: int
    rows: int


def let_go(live: Path, seconds: float, *, at: int) -> LetGo:
    """Remove the days of the log that ended so long ago.

    Args:
        live: the folder of all that is live.
        seconds: for how long a day is kept; 0: for good.
        at: the time, in microseconds since 1970 UTC.
    """
    if not seconds:
        return LetGo(0, 0)
    # A day ends a day after it begins.
    first = (datetime.fromtimestamp(at / 1e6 - seconds, UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    with alone(live):
        over = sorted(path for part in (PREDICTIONS, OUTCOMES, REFUSED) for path in (live / part).glob("*-*-*"))
        over = [path for path in over if path.is_dir() and path.name <= first]
        if not over:
            return LetGo(0, 0)
        gone, ids = _counted([path for path in over if path.parent.name == PREDICTIONS])
        known = gone_of(live)
        # Said before it is done, and said once: a day whose removing was interrupted is not counted anew.
        said = {(one.day, one.release) for one in known}
        fresh = [one for one in gone if (one.day, one.release) not in said]
        put(live / FILE, msgspec.json.encode([*known, *fresh]))
        _forget(live, ids)
        for path in over:
            shutil.rmtree(path)
    return LetGo(len({path.name for path in over}), len(ids))


def gone_of(live: Path) -> list[Gone]:
    """The rows that are gone, by day and release."""
    try:
        return msgspec.json.decode((live / FILE).read_bytes(), type=list[Gone])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def _counted(days: list[Path]) -> tuple[list[Gone], pl.Series]:
    """The champions' rows of days, and the ids of all rows."""
    gone, ids = [], [pl.Series("id", [], dtype=pl.String)]
    for folder in (path for day in days for path in sorted(day.iterdir())):
        rows = 0
        for part in parts_of(folder):
            rows += part.filter(pl.col("role") == "champion").height
            ids.append(part["id"])
        gone.append(Gone(day=folder.parent.name, release=folder.name, rows=rows))
    return gone, pl.concat(ids)


def _forget(live: Path, ids: pl.Series) -> None:
    """Remove what was told about rows from the days that stay."""
    for path in sorted((live / OUTCOMES).glob("*/*.parquet")):
        told = readable(path)
        if told is not None and (kept := told.filter(~pl.col("id").is_in(ids.implode()))).height < told.height:
            write(path, kept, journals_of(path))
