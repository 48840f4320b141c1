"""The ledger: runs, the traces of finished stages, openings of the test side. One SQLite file in WAL mode."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
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
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            advice = "move it away; objects in the store are kept, runs are counted anew"
            raise InputError(f"the ledger cannot be read: {error}", where=str(path), next_move=advice) from error

    def _open(self) -> None:
        self._connection.execute("PRAGMA busy_timeout = 60000")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._connection.execute("PRAGMA journal_mode = WAL")
            with self.transaction():
                # Another process may have made the tables since the version was read.
                if self._connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version = {VERSION}")
        elif version > VERSION:
            raise InputError(
                f"the ledger is of version {version}; this Volvelle reads up to {VERSION}",
                where=str(self.path),
                next_move="upgrade Volvelle",
            )
        self._connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, under an immediate lock."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def start_run(self, spec: str, environment: dict[str, Any]) -> int:
        """A new run; its number."""
        cursor = self._connection.execute(
            "INSERT INTO runs (started, status, pid, spec, environment) VALUES (?, 'running', ?, ?, ?)",
            (now(), os.getpid(), spec, json.dumps(environment, sort_keys=True)),
        )
        return int(cursor.lastrowid or 0)

    def finish_run(self, run: int, status: str, note: str = "") -> None:
        """Close a run as 'passed', 'failed gates', 'error' or 'interrupted'."""
        self._connection.execute(
            "UPDATE runs SET finished = ?, status = ?, note = ? WHERE id = ?", (now(), status, note, run)
        )

    def runs(self) -> list[Run]:
        """All runs, oldest first. A run whose process is gone reads 'interrupted'."""
        rows = self._connection.execute(
            "SELECT id, started, finished, status, pid, spec, environment, note FROM runs ORDER BY id"
        )
        return [_settled(Run(*row)) for row in rows]

    def run(self, number: int) -> Run | None:
        """One run."""
        row = self._connection.execute(
            "SELECT id, started, finished, status, pid, spec, environment, note FROM runs WHERE id = ?", (number,)
        ).fetchone()
        return _settled(Run(*row)) if row else None

    def add_step(self, step: Step) -> None:
        """Note that a stage of a run is finished or was found finished."""
        self._connection.execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?)", step)

    def steps(self, run: int) -> list[Step]:
        """The finished stages of a run, in the order in which they were noted."""
        rows = self._connection.execute("SELECT * FROM steps WHERE run = ? ORDER BY rowid", (run,))
        return [Step(r[0], r[1], r[2], bool(r[3]), r[4], r[5]) for r in rows]

    def add_trace(self, stage: str, inputs: str, needs: dict[str, Any], output: str, seconds: float) -> None:
        """Note what a finished stage depended on and gave."""
        self._connection.execute(
            "INSERT INTO traces (stage, inputs, needs, output, seconds, at) VALUES (?, ?, ?, ?, ?, ?)",
            (stage, inputs, json.dumps(needs, sort_keys=True), output, seconds, now()),
        )

    def traces(self, stage: str, inputs: str | None = None) -> Iterator[tuple[dict[str, Any], str, float]]:
        """(needs, output, seconds) of finished stages, newest first; `inputs` None: whatever they were."""
        where, values = ("", (stage,)) if inputs is None else (" AND inputs = ?", (stage, inputs))
        rows = self._connection.execute(
            f"SELECT needs, output, seconds FROM traces WHERE stage = ?{where} ORDER BY id DESC LIMIT 200", values
        )
        for needs, output, seconds in rows:
            yield json.loads(needs), output, seconds

    def open_side(self, side: str, run: int, model: str) -> int:
        """Count one opening of a sealed side; how many there are now."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO openings (side, run, model, at) VALUES (?, ?, ?, ?)", (side, run, model, now())
            )
            return int(self._connection.execute("SELECT count(*) FROM openings WHERE side = ?", (side,)).fetchone()[0])

    def openings(self, side: str) -> int:
        """How often a sealed side has been opened."""
        return int(self._connection.execute("SELECT count(*) FROM openings WHERE side = ?", (side,)).fetchone()[0])

    def recall(self, kind: str, key: str) -> Any:
        """What was remembered under a key, or None."""
        row = self._connection.execute("SELECT value FROM memory WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, kind: str, key: str, value: Any) -> None:
        """Remember a JSON value under a key."""
        self._connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (kind, key, json.dumps(value)))

    def add_release(self, name: str, run: int, by: str, note: str, path: str) -> int:
        """Note a release and make it the champion; its number."""
        with self.transaction():
            cursor = self._connection.execute(
                "INSERT INTO releases (name, run, at, by, note, path) VALUES (?, ?, ?, ?, ?, ?)",
                (name, run, now(), by, note, path),
            )
            number = int(cursor.lastrowid or 0)
            self._connection.execute(
                "INSERT INTO champions (release, at, why) VALUES (?, ?, 'released')", (number, now())
            )
            return number

    def releases(self) -> list[dict[str, Any]]:
        """All releases, oldest first."""
        rows = self._connection.execute("SELECT id, name, run, at, by, note, path FROM releases ORDER BY id")
        return [dict(zip(("id", "name", "run", "at", "by", "note", "path"), row, strict=True)) for row in rows]

    def champions(self) -> list[dict[str, Any]]:
        """Every change of champion, oldest first; the last one stands."""
        rows = self._connection.execute("SELECT release, at, why FROM champions ORDER BY id")
        return [dict(zip(("release", "at", "why"), row, strict=True)) for row in rows]

    def crown(self, release: int, why: str) -> None:
        """Make a release the champion."""
        self._connection.execute("INSERT INTO champions (release, at, why) VALUES (?, ?, ?)", (release, now(), why))

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
