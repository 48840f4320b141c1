"""The Parquet files of the live log: none has a row twice, none is half written, and a torn one is set aside.

A file names in its metadata the journals that it took up, and grows by being replaced: at any moment, also after a
kill, a row is either in its journal or in its file, and is counted once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

_TAKEN = "volvelle.journals"
ROWS = 50_000
"""A file with as many rows grows no more."""
TORN = ".torn"


def parts_of(folder: Path) -> Iterator[pl.DataFrame]:
    """What can be read of a folder, file by file."""
    for path in sorted(folder.glob("*.parquet")):
        part = readable(path)
        if part is not None:
            yield part


def readable(path: Path) -> pl.DataFrame | None:
    """The rows of a file; None, and set aside, where it is torn."""
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        if path.exists():
            path.rename(path.with_name(path.name + TORN))
        return None


def append(folder: Path, rows: pl.DataFrame, journal: Path) -> int:
    """Put the rows of a journal into a file of the folder, unless one holds them; the number of torn files."""
    folder.mkdir(parents=True, exist_ok=True)
    broken, growing, old = 0, None, None
    for path in sorted(folder.glob("*.parquet")):
        try:
            taken = journals_of(path)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            path.rename(path.with_name(path.name + TORN))
            broken += 1
            continue
        if journal.name in taken:
            return broken
        if growing is None and (part := readable(path)) is not None and part.height < ROWS:
            growing, old = path, (part, taken)
    names = [journal.name]
    if old is not None:
        rows = pl.concat([old[0], rows], how="diagonal_relaxed")
        # Journals that are gone never come again; a batch has none, and is known by its name for good.
        names += [n for n in old[1] if (journal.parent / n).exists() or not n.endswith(".jsonl")]
    made = hashlib.blake2b(journal.name.encode(), digest_size=8).hexdigest()
    write(growing or folder / f"{made}.parquet", rows, names)
    return broken


def journals_of(path: Path) -> list[str]:
    """The journals that a file took up."""
    return list(json.loads(pl.read_parquet_metadata(path).get(_TAKEN, "[]")))


def write(path: Path, rows: pl.DataFrame, journals: Sequence[str]) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".new-{path.name}")
    try:
        rows.write_parquet(temporary, metadata={_TAKEN: json.dumps(list(journals))})
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(live: Path) -> Iterator[None]:
    """One process at a time changes the log."""
    live.mkdir(parents=True, exist_ok=True)
    with (live / ".settling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
