"""Data that grow: a Delta table that records are appended to, each exactly once, from any number of processes.

The one door to deltalake. A table lies in a folder of its own: ``table/`` (Delta Lake protocol), ``aside.jsonl`` with
what did not fit, and a lock. Every append is one commit, whole or not at all, and on the disk when `append` returns.
Records that carry an id are compared by it with the newest `WINDOW` ones: the same record again is dropped, another
record under a known id is set aside. Whoever rewrites or reads holds the lock, so that no file vanishes under a reader.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     growing = Growing(Path(folder))
...     _ = growing.append([Record({"heat": 21}, "pump/1"), Record({"heat": 22.5}, "pump/2")])
...     done = growing.append([Record({"heat": 21}, "pump/1"), Record({"heat": 23, "on": True}, "pump/3")])
...     done.rows, done.repeated, done.new, growing.read().rows()
(1, 1, ('on',), [(21.0, None), (22.5, None), (23.0, True)])
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from volvelle.data.fitting import DTYPES, OURS, Fitted, Kind, Misfit, Record, fit, text_of
from volvelle.errors import DataError, near

PLACE = Path(".volvelle", "live", "readings")
"""Where tables of readings lie, below the folder of the spec."""
WINDOW = 2**20
"""The newest ids that a record is compared with."""
FILES, FILE_BYTES, HOURS = 128, 16 * 2**20, 1
"""Files from which on a table is compacted, how large they become, and how long replaced ones are kept for readers of
other programs."""
ASIDE_BYTES = 64 * 2**20
"""What the file of what was set aside may grow to; what comes later is counted and told only."""
_ID, _SUM, _ORDER, _RECEIVED = (OURS + name for name in ("id", "sum", "order", "received"))
_KNOWN = {_ID: pl.Int64, _SUM: pl.Int64, _ORDER: pl.Int64}
_KINDS: dict[Any, Kind] = {dtype: kind for kind, dtype in DTYPES.items()}
_EXACT = 2**53
_CONFIGURATION = {"delta.logRetentionDuration": "interval 1 hours", "delta.checkpointInterval": "100"}
_LONGEST = 4_096


def place_of(folder: Path, kind: str, address: str) -> Path:
    """The folder of the table that an address names, below the folder of a spec.

    >>> place_of(Path("p"), "mqtt", "broker:1883/plant/+").parts[:4]
    ('p', '.volvelle', 'live', 'readings')
    """
    return folder / PLACE / hashlib.sha256(f"{kind}:{address}".encode()).hexdigest()[:16]


@dataclass(slots=True)
class Appended:
    """What became of the records of one append.

    Attributes:
        rows: how many are in the table now that were not.
        repeated: how many were there already.
        misfits: those that were set aside, by position.
        again: positions of the repeated ones.
        new: columns that came into being.
        widened: columns of whole numbers that now hold numbers.
    """

    rows: int = 0
    misfits: dict[int, Misfit] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)
    new: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()

    @property
    def repeated(self) -> int:
        return len(self.again)


class Growing:
    """A table that grows.

    Args:
        folder: its own folder; made by the first append.
        about: what is written into the table for people.
    """

    def __init__(self, folder: Path, about: str = "") -> None:
        self.folder, self._about = folder, about
        self._place = folder / "table"
        self._table: DeltaTable | None = None
        self._node, self._seen = 0, -1
        self._known = pl.DataFrame(schema=_KNOWN)
        self._next = 0

    def append(self, records: Sequence[Record], aside: Sequence[Misfit] = ()) -> Appended:
        """Append what is new and fits; durable when it returns.

        Args:
            records: in the order of their arrival.
            aside: what could not even be read as records; kept beside the table.

        Raises:
            DataError: the table cannot be written.
        """
        done = Appended()
        with self._locked(fcntl.LOCK_EX), _told(self.folder):
            self._open()
            fresh = self._unknown(records, done)
            fitted = fit([records[position] for position in fresh], self._kinds(), self._exact)
            done.misfits |= {fresh[place]: misfit for place, misfit in fitted.misfits.items()}
            done.rows, done.new, done.widened = len(fitted.kept), fitted.new, fitted.widened
            self._set_aside([*aside, *(done.misfits[p] for p in sorted(done.misfits))])
            if fitted.kept:
                self._write(fitted, [records[fresh[place]] for place in fitted.kept])
        return done

    def read(self, received: str | None = None) -> pl.DataFrame:
        """All rows in the order of their arrival, without our own columns.

        Args:
            received: the name of a first column with the time of arrival; None for none.

        Raises:
            DataError: nothing was received yet, the table is damaged, or a column has that name.
        """
        if not self._place.exists() and not (self.folder / "next").exists():
            advice = "volvelle listen receives; then run again"
            raise DataError("nothing has been received yet", where=self._about, next_move=advice)
        with self._locked(self._reading()), _told(self.folder):
            self._open()
            frame = self._scan().sort(_ORDER).collect()
        if received is not None and received in frame.columns:
            raise DataError(
                f"the records have a column {received!r} already", where=self._about, next_move="?received=OTHER"
            )
        times = [frame[_RECEIVED].alias(received)] if received is not None else []
        return pl.DataFrame([*times, *(c for c in frame.iter_columns() if not c.name.startswith(OURS))])

    def count(self) -> int:
        """Rows in the table."""
        if not self._place.exists():
            return 0
        with self._locked(self._reading()), _told(self.folder):
            self._open()
            return int(self._scan().select(pl.len()).collect().item())

    def erase(self, column: str, value: str) -> int:
        """Erase the rows whose column has this value, from the disk and from what was set aside; how many they were.

        Raises:
            DataError: there is no such column.
        """
        with self._locked(fcntl.LOCK_EX), _told(self.folder):
            self._open()
            kinds = self._kinds()
            if column not in kinds:
                raise DataError(f"there is no column {column!r}", where=self._about, next_move=near(column, kinds))
            frame = self._scan().sort(_ORDER).collect()
            gone = (frame[column].cast(pl.String) == value).fill_null(False)
            if gone.any():
                # A table of its own: the log of the old one holds the smallest and largest texts of its files.
                self._replace(frame.filter(~gone))
            self._forget_aside(column, value)
        return int(gone.sum())

    def compact(self) -> None:
        """Join small files and drop what was replaced more than an hour ago."""
        with self._locked(fcntl.LOCK_EX), _told(self.folder):
            self._open()
            self._compact()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only listener of this table on this machine for as long as the context lasts.

        Raises:
            DataError: another process is.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "listener").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(
                    "another listener of this project is at work", where=self._about, next_move="end that one first"
                ) from None
            yield

    # -- below, the lock is held

    def _open(self) -> None:
        """Have the newest state of the table at hand, and what was left half-done finished."""
        self._recover()
        if not self._place.exists():
            return
        node = self._place.stat().st_ino
        if self._table is None or node != self._node:
            self._table, self._node = DeltaTable(self._place), node
        else:
            self._table.update_incremental()
            if self._table.version() == self._seen:
                return
        self._seen = self._table.version()
        top = self._scan().select(pl.col(_ORDER).max()).collect().item()
        if top is not None and top >= self._next:
            since = max(self._next, top + 1 - WINDOW)
            more = self._scan().filter(pl.col(_ORDER) >= since).select(list(_KNOWN)).collect()
            self._remember(more)
            self._next = top + 1

    def _recover(self) -> None:
        """Finish, or take back, a replacement that was cut off."""
        new, old = self.folder / "next", self.folder / "gone"
        if new.exists() and old.exists() and not self._place.exists():
            new.rename(self._place)
        for rest in (new, old):
            if rest.exists() and self._place.exists():
                shutil.rmtree(rest)

    def _scan(self) -> pl.LazyFrame:
        if self._table is None:
            return pl.LazyFrame(schema={**_KNOWN, _RECEIVED: DTYPES["time"]})
        return pl.scan_delta(self._table)

    def _kinds(self) -> dict[str, Kind]:
        return {n: _KINDS[dtype] for n, dtype in self._scan().collect_schema().items() if not n.startswith(OURS)}

    def _exact(self, column: str) -> bool:
        if column not in self._kinds():
            return True
        return bool(self._scan().select((pl.col(column).abs() <= _EXACT).all()).collect().item())

    def _unknown(self, records: Sequence[Record], done: Appended) -> list[int]:
        """Positions of the records that are not there yet; the others are counted."""
        named = [position for position, record in enumerate(records) if record.id is not None]
        if not named:
            return list(range(len(records)))
        ids = [_hash(str(records[position].id)) for position in named]
        known = self._known.filter(pl.col(_ID).is_in(ids))
        sums = dict(zip(known[_ID], known[_SUM], strict=True))
        fresh = [position for position, record in enumerate(records) if record.id is None]
        for position, number in zip(named, ids, strict=True):
            record = records[position]
            total = _hash(text_of(record.cells))
            if sums.setdefault(number, None) is None:
                sums[number] = total
                fresh.append(position)
            elif sums[number] == total:
                done.again.append(position)
            else:
                why = f"the id {record.id!r} came before with other values: name an id that never repeats"
                done.misfits[position] = Misfit("id", why, text_of(record.cells))
        return sorted(fresh)

    def _write(self, fitted: Fitted, records: list[Record]) -> None:
        count = len(records)
        ids = [None if r.id is None else _hash(r.id) for r in records]
        sums = [None if r.id is None else _hash(text_of(r.cells)) for r in records]
        now = datetime.now(UTC)
        ours = pl.DataFrame(
            {
                _ID: ids,
                _SUM: sums,
                _ORDER: range(self._next, self._next + count),
                _RECEIVED: [r.received or now for r in records],
            },
            schema={**_KNOWN, _RECEIVED: DTYPES["time"]},
        )
        if fitted.widened:
            self._replace(self._scan().with_columns(pl.col(fitted.widened).cast(pl.Float64)).sort(_ORDER).collect())
        self._commit(ours.hstack(fitted.frame.get_columns()), self._place)
        self._remember(ours.select(list(_KNOWN)))
        self._next += count
        if self._table is not None and len(self._table.file_uris()) >= FILES:
            self._compact()
        if self._table is not None:
            self._seen = self._table.version()

    def _commit(self, frame: pl.DataFrame, place: Path) -> None:
        """One commit, flushed to the disk."""
        began = time.time_ns()
        target = self._table if self._table is not None and place == self._place else place
        write_deltalake(
            target, frame, mode="append", schema_mode="merge", description=self._about, configuration=_CONFIGURATION
        )
        if target is place and place == self._place:
            self._table, self._node = DeltaTable(place), place.stat().st_ino
        _flush(place, began)

    def _replace(self, frame: pl.DataFrame) -> None:
        """These rows and no others, in a table made anew."""
        new, old = self.folder / "next", self.folder / "gone"
        self._commit(frame, new)
        self._place.rename(old)
        new.rename(self._place)
        shutil.rmtree(old)
        self._table, self._node = DeltaTable(self._place), self._place.stat().st_ino

    def _remember(self, more: pl.DataFrame) -> None:
        self._known = pl.concat([self._known, more.drop_nulls(_ID)]).tail(WINDOW)

    def _compact(self) -> None:
        if self._table is None:
            return
        self._table.optimize.compact(target_size=FILE_BYTES)
        self._table.vacuum(retention_hours=HOURS, enforce_retention_duration=False, dry_run=False)
        self._table.create_checkpoint()
        self._table.cleanup_metadata()

    def _set_aside(self, misfits: Sequence[Misfit]) -> None:
        path = self.folder / "aside.jsonl"
        if not misfits or (path.exists() and path.stat().st_size >= ASIDE_BYTES):
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with path.open("a", encoding="utf-8") as file:
            for misfit in misfits:
                line = {"at": now, "kind": misfit.kind, "why": misfit.why, "text": misfit.text[:_LONGEST]}
                file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _forget_aside(self, column: str, value: str) -> None:
        """Drop lines that name both the column and the value."""
        path = self.folder / "aside.jsonl"
        if not path.exists():
            return
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            said = json.loads(line)
            told = f"{said['why']} {said['text']}"
            if column not in told or value not in told:
                kept.append(line)
        new = path.with_name("aside.new")
        new.write_text("".join(kept), encoding="utf-8")
        new.replace(path)

    def _reading(self) -> int:
        """How a reader locks: with others, unless something was left half-done, which one alone must finish."""
        left = any((self.folder / name).exists() for name in ("next", "gone"))
        return fcntl.LOCK_EX if left else fcntl.LOCK_SH

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        if how == fcntl.LOCK_EX:
            self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a" if how == fcntl.LOCK_EX else "r") as file:
            fcntl.flock(file, how)
            yield


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Errors of the library as ours."""
    try:
        yield
    except (DeltaError, pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0][:300]
        advice = "make room, or move that folder away to begin a new table"
        raise DataError(
            f"the table of what was received fails: {reason}", where=str(folder), next_move=advice
        ) from error


def _flush(place: Path, began: int) -> None:
    """Have the files that were written since `began` (ns since 1970) on the disk, and their names."""
    for folder in (place, place / "_delta_log"):
        with os.scandir(folder) as entries:
            # A clock that counts coarsely may date a file a little before.
            paths = [e.path for e in entries if e.is_file() and e.stat().st_mtime_ns >= began - 50_000_000]
        for path in [*paths, str(folder)]:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _hash(text: str) -> int:
    """64 bits of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big", signed=True)
