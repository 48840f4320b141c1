"""The ledger: runs, the traces of finished stages, openings of the test side. One SQLite file in WAL mode."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from volvelle.errors import InputError

VERSION = 1
_SCHEMA = """
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL, finished TEXT, status TEXT NOT NULL,
  pid INTEGER NOT NULL, spec TEXT NOT NULL, environment TEXT NOT NULL, note TEXT NOT NULL DEFAULT '');
CREATE TABLE steps (
  run INTEGER NOT NULL REFERENCES runs, stage TEXT NOT NULL, output TEXT NOT NULL, reused INTEGER NOT NULL,
  seconds REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, stage));
CREATE TABLE traces (
  id INTEGER PRIMARY KEY, stage TEXT NOT NULL, inputs TEXT NOT NULL, needs TEXT NOT NULL, output TEXT NOT NULL,
  seconds REAL NOT NULL, at TEXT NOT NULL);
CREATE INDEX traces_by_stage ON traces (stage, inputs);
CREATE TABLE openings (
  id INTEGER PRIMARY KEY, side TEXT NOT NULL, run INTEGER NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE memory (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE releases (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, run INTEGER NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL,
  note TEXT NOT NULL, path TEXT NOT NULL);
CREATE TABLE champions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, release INTEGER NOT NULL, at TEXT NOT NULL, why TEXT NOT NULL);
"""


class Run(NamedTuple):
    """One turn of the wheel."""

    id: int
    started: str
    finished: str | None
    status: str
    pid: int
    spec: str
    environment: str
    note: str


class Step(NamedTuple):
    """One stage of one run."""

    run: int
    stage: str
    output: str
    reused: bool
    seconds: float
    reason: str


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Ledger:
    """The ledger of one project. Safe for several processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not os.access(path.parent, os.W_OK):
            # On a place that cannot be written nobody else writes either: SQLite may read without its lock files.
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None
            )
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error
        # Making the file one process at a time: changing the journal mode does not wait for a lock.
        try:
            lock = path.with_name(path.name + ".lock").open("w")
        except OSError as error:
            raise self._unusable(sqlite3.OperationalError(error.strerror)) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._open()

    def _open(self) -> None:
        self._execute("PRAGMA busy_timeout = 60000")
        version = self._execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._execute("PRAGMA journal_mode = WAL")
            with self.transaction():
                # Another process may have made the tables since the version was read.
                if self._execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        self._execute(statement)
                    self._execute(f"PRAGMA user_version = {VERSION}")
        elif version > VERSION:
            raise InputError(
                f"the ledger is of version {version}; this Volvelle reads up to {VERSION}",
                where=str(self.path),
                next_move="upgrade Volvelle",
            )
        self._execute("PRAGMA synchronous = NORMAL")

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement.

        Raises:
            InputError: the file is no ledger, is damaged, or cannot be written.
        """
        try:
            return self._connection.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows that a statement finds. Damage may show only while they are fetched."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.DatabaseError) -> InputError:
        outside = isinstance(error, sqlite3.OperationalError)
        advice = (
            "make room, let the folder be written, or wait for whoever has locked it; then run again"
            if outside
            else "move it away; objects in the store are kept, runs are counted anew"
        )
        verb = "used" if outside else "read"
        return InputError(f"the ledger cannot be {verb}: {error}", where=str(self.path), next_move=advice)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, under an immediate lock."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._execute("ROLLBACK")
            raise
        self._execute("COMMIT")

    def start_run(self, spec: str, environment: dict[str, Any]) -> int:
        """A new run; its number."""
        cursor = self._execute(
            "INSERT INTO runs (started, status, pid, spec, environment) VALUES (?, 'running', ?, ?, ?)",
            (now(), os.getpid(), spec, json.dumps(environment, sort_keys=True)),
        )
        return int(cursor.lastrowid or 0)

    def finish_run(self, run: int, status: str, note: str = "") -> None:
        """Close a run as 'passed', 'failed gates', 'error' or 'interrupted'."""
        self._execute("UPDATE runs SET finished = ?, status = ?, note = ? WHERE id = ?", (now(), status, note, run))

    def runs(self) -> list[Run]:
        """All runs, oldest first. A run whose process is gone reads 'interrupted'."""
        rows = self._rows("SELECT id, started, finished, status, pid, spec, environment, note FROM runs ORDER BY id")
        return [_settled(Run(*row)) for row in rows]

    def runs_that_gave(self, stage: str, output: str) -> list[Run]:
        """Finished runs in which a stage gave this output, newest first."""
        rows = self._rows(
            "SELECT id, started, finished, status, pid, spec, environment, note FROM runs JOIN steps ON run = id "
            "WHERE status = 'done' AND stage = ? AND output = ? ORDER BY id DESC",
            (stage, output),
        )
        return [Run(*row) for row in rows]

    def run(self, number: int) -> Run | None:
        """One run."""
        row = self._execute(
            "SELECT id, started, finished, status, pid, spec, environment, note FROM runs WHERE id = ?", (number,)
        ).fetchone()
        return _settled(Run(*row)) if row else None

    def add_step(self, step: Step) -> None:
        """Note that a stage of a run is finished or was found finished."""
        self._execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?)", step)

    def steps(self, run: int) -> list[Step]:
        """The finished stages of a run, in the order in which they were noted."""
        rows = self._rows("SELECT * FROM steps WHERE run = ? ORDER BY rowid", (run,))
        return [Step(r[0], r[1], r[2], bool(r[3]), r[4], r[5]) for r in rows]

    def add_trace(self, stage: str, inputs: str, needs: dict[str, Any], output: str, seconds: float) -> None:
        """Note what a finished stage depended on and gave."""
        self._execute(
            "INSERT INTO traces (stage, inputs, needs, output, seconds, at) VALUES (?, ?, ?, ?, ?, ?)",
            (stage, inputs, json.dumps(needs, sort_keys=True), output, seconds, now()),
        )

    def traces(self, stage: str, inputs: str | None = None) -> Iterator[tuple[dict[str, Any], str, float]]:
        """(needs, output, seconds) of finished stages, newest first; `inputs` None: whatever they were."""
        where, values = ("", (stage,)) if inputs is None else (" AND inputs = ?", (stage, inputs))
        rows = self._rows(f"SELECT needs, output, seconds FROM traces WHERE stage = ?{where} ORDER BY id DESC", values)
        for needs, output, seconds in rows:
            yield json.loads(needs), output, seconds

    def open_side(self, side: str, run: int, model: str) -> int:
        """Count one opening of a sealed side; how many there are now."""
        with self.transaction():
            self._execute("INSERT INTO openings (side, run, model, at) VALUES (?, ?, ?, ?)", (side, run, model, now()))
            return int(self._execute("SELECT count(*) FROM openings WHERE side = ?", (side,)).fetchone()[0])

    def openings(self, side: str) -> int:
        """How often a sealed side has been opened."""
        return int(self._execute("SELECT count(*) FROM openings WHERE side = ?", (side,)).fetchone()[0])

    def recall(self, kind: str, key: str) -> Any:
        """What was remembered under a key, or None."""
        row = self._execute("SELECT value FROM memory WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, kind: str, key: str, value: Any) -> None:
        """Remember a JSON value under a key."""
        self._execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (kind, key, json.dumps(value)))

    def remembered(self, kind: str) -> dict[str, Any]:
        """Everything that was remembered of a kind, by key."""
        return {
            key: json.loads(value) for key, value in self._rows("SELECT key, value FROM memory WHERE kind = ?", (kind,))
        }

    def add_release(self, name: str, run: int, by: str, note: str, path: str) -> int:
        """Note a release and make it the champion; its number."""
        with self.transaction():
            cursor = self._execute(
                "INSERT INTO releases (name, run, at, by, note, path) VALUES (?, ?, ?, ?, ?, ?)",
                (name, run, now(), by, note, path),
            )
            number = int(cursor.lastrowid or 0)
            self._execute("INSERT INTO champions (release, at, why) VALUES (?, ?, 'released')", (number, now()))
            return number

    def releases(self) -> list[dict[str, Any]]:
        """All releases, oldest first."""
        rows = self._rows("SELECT id, name, run, at, by, note, path FROM releases ORDER BY id")
        return [dict(zip(("id", "name", "run", "at", "by", "note", "path"), row, strict=True)) for row in rows]

    def champions(self) -> list[dict[str, Any]]:
        """Every change of champion, oldest first; the last one stands."""
        rows = self._rows("SELECT release, at, why FROM champions ORDER BY id")
        return [dict(zip(("release", "at", "why"), row, strict=True)) for row in rows]

    def crown(self, release: int, why: str) -> None:
        """Make a release the champion."""
        self._execute("INSERT INTO champions (release, at, why) VALUES (?, ?, ?)", (release, now(), why))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _settled(run: Run) -> Run:
    if run.status != "running" or _alive(run.pid):
        return run
    return run._replace(status="interrupted")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
