"""Windows of the live log. What was counted of one is kept, and not counted again while its rows are the same.

A window is known by the hashes of the files that its rows lie in, the positions of the rows in them, and the code that
counts; its measured quality besides by its outcomes and by what it is held against. Files of days that are over do not
change, so that a later look reads of them only who was answered and when. A file that changed has another hash, and one
that is gone or torn has no rows: nothing that was kept is taken for them. Every kept entry holds its own hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from volvelle.flow.context import file_digest
from volvelle.flow.gathering import live_folder
from volvelle.flow.outcomes import OUTCOME
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.serve.log import PREDICTIONS

FOLDER = "windows"
UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What reading a file raises that is torn, gone, or changes while it is read."""
_OPEN = 4
"""Files of the log that are in memory at once."""
_ROWS: dict[str, Any] = {"id": pl.String, "at": pl.Datetime("us", "UTC"), "file": pl.Int32, "row": pl.UInt32}


class Answered(NamedTuple):
    """Who was answered: all of the live log but what was asked and said."""

    rows: pl.DataFrame
    """id, at, file, row: of one release as champion, in the order of time."""
    others: pl.DataFrame
    """id of all other rows."""
    files: tuple[Path, ...]
    digests: tuple[str, ...]
    """SHA-256 of each file."""


def answered(project: Project, release: str, since: datetime) -> Answered:
    """The rows that a release answered as the champion, since a time.

    Raises:
        OSError: a file is gone, or was changed meanwhile.
        PolarsError: a file is torn.
    """
    files = sorted((live_folder(project) / PREDICTIONS).glob("*/*/*.parquet"))
    digests = tuple(file_digest(path, project.ledger) for path in files)
    first, parts, others = since.astimezone(UTC), [], []
    for number, path in enumerate(files):
        ours = path.parent.name == release and path.parent.parent.name >= f"{first:%Y-%m-%d}"
        held = _read(project, path, digests[number], ["id", "at", "role"] if ours else ["id"])
        if ours:
            placed = held.with_row_index("row").with_columns(file=pl.lit(number))
            kept = placed.filter(pl.col("at") >= first, pl.col("role") == "champion")
            parts.append(kept.select("id", "at", "file", "row"))
        others.append(held.select("id"))
    rows = (pl.concat(parts) if parts else pl.DataFrame(schema=_ROWS)).sort("at", maintain_order=True)
    every = pl.concat(others) if others else rows.select("id")
    return Answered(rows, every.join(rows, on="id", how="anti"), tuple(files), digests)


class Kept:
    """What was counted of windows, and what was not yet.

    Args:
        project: where the log lies.
        log: its rows.
        facts: what else an entry depends on.
    """

    def __init__(self, project: Project, log: Answered, facts: Any) -> None:
        self._project, self._log = project, log
        self._facts = msgspec.json.encode(facts)
        self._folder = live_folder(project) / FOLDER
        self._used: set[str] = set()
        self._whole = lru_cache(_OPEN)(lambda file: _read(project, log.files[file], log.digests[file]))

    def get(self, kind: Any, root: str, part: pl.DataFrame, facts: Any, make: Callable[[pl.DataFrame], Any]) -> Any:
        """What `make` says of the rows of one window: read where it is kept, else made and kept.

        Args:
            kind: the type of what is made.
            root: the function that makes it, ``module:name``; an entry that other code made is not taken.
            part: rows of `Answered`, and their outcomes.
            facts: what else this entry depends on.
            make: takes the rows with all their columns.
        """
        code = self._project.code.closure(root).digest
        name = hashlib.sha256(b"\0".join([code.encode(), self._facts, msgspec.json.encode(facts), self._mark(part)]))
        self._used.add(f"{name.hexdigest()}.json")
        path = self._folder / f"{name.hexdigest()}.json"
        if (content := _sound(path)) is None:
            content = msgspec.json.encode(make(self._rows(part)))
            write_atomic(path, hashlib.sha256(content).hexdigest().encode() + content)
        return msgspec.json.decode(content, type=kind)

    def forget(self) -> None:
        """Remove the entries that nobody has asked for."""
        for path in self._folder.glob("*.json"):
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def _mark(self, part: pl.DataFrame) -> bytes:
        """The rows of a window, whatever else is in the log."""
        found = hashlib.sha256()
        for (file,), rows in part.with_row_index("place").group_by(["file"], maintain_order=True):
            found.update(self._log.digests[int(file)].encode())
            found.update(rows.select("place", "row").to_numpy().tobytes())
        return found.digest()

    def _rows(self, part: pl.DataFrame) -> pl.DataFrame:
        """All columns of the rows, in their order."""
        pieces = [
            self._whole(int(file))[rows["row"]].with_columns(rows["place"])
            for (file,), rows in part.with_row_index("place").group_by(["file"], maintain_order=True)
        ]
        return pl.concat(pieces, how="diagonal_relaxed").sort("place").drop("place")


def outcomes_of(part: pl.DataFrame) -> str:
    """A hash of the outcomes of rows, in their order."""
    return hashlib.sha256(msgspec.json.encode(part[OUTCOME].to_list())).hexdigest()


def _read(project: Project, path: Path, digest: str, columns: list[str] | None = None) -> pl.DataFrame:
    frame = pl.read_parquet(path, columns=columns, hive_partitioning=False)
    if file_digest(path, project.ledger) != digest:
        raise OSError(f"{path.name} was changed while it was read")
    return frame


def _sound(path: Path) -> bytes | None:
    """A kept entry without its hash; None where there is none, or it is damaged."""
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return None
    return held[64:] if hashlib.sha256(held[64:]).hexdigest().encode() == held[:64] else None
