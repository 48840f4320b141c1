"""The journal of one worker: JSON lines, written behind the answers by a thread of its own.

A journal is ``<worker>-<nanoseconds>.jsonl``, with ``.open`` behind it and a lock upon it while it is written. The lock
goes with the process, so that whoever finds it gone knows that the journal is at its end. A journal that cannot be
written loses rows, which are counted, and never an answer.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

import msgspec

from volvelle.serve.records import Answered, Counted, Outcome, Unanswered

Line = Answered | Counted | Outcome | Unanswered
JOURNALS, OPEN = "journal", ".open"
_MANY, _WAITING = 1_000, 100_000
"""Rows that are written without a pause, and rows that wait for a disk that does not answer; more are lost."""


class Journal:
    """Keeps what it is handed, in the order in which it came.

    Args:
        live: the folder of all that is live.
        worker: who writes; part of the file's name.
        pause: seconds between two writes.
        span: seconds after which a journal is closed and another one begun.
    """

    def __init__(self, live: Path, worker: str, *, pause: float = 0.25, span: float = 2.0) -> None:
        self._folder, self._worker, self._pause, self._span = live / JOURNALS, worker, pause, span
        self._waiting: list[Line] = []
        self._rows = 0
        self._file: int | None = None
        self._path, self._size, self._since = Path(), 0, 0.0
        self._encoder = msgspec.json.Encoder()
        self._ending, self._wake = False, threading.Event()
        self._turn, self._hand = threading.Lock(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.lost = 0
        """Rows that could not be written."""
        self._thread.start()

    def append(self, entry: Line) -> None:
        """Hand over the rows of one request, or another line; never raises, never waits."""
        rows = len(entry.predictions) if isinstance(entry, Answered) else 1
        with self._hand:
            if self._rows > _WAITING:
                self.lost += rows
                return
            self._rows += rows
            self._waiting.append(entry)
        if self._rows > _MANY:
            self._wake.set()

    def flush(self) -> None:
        """Write what waits, now; close a journal that is old enough."""
        with self._turn:
            self._write()
            if self._file is not None and time.monotonic() - self._since > self._span:
                self._close()

    def close(self) -> None:
        """Write what waits and close the journal for good."""
        self._ending = True
        self._wake.set()
        self._thread.join()
        with self._turn:
            self._write()
            self._close()

    def _run(self) -> None:
        while not self._ending:
            self._wake.wait(self._pause)
            self._wake.clear()
            self.flush()

    def _write(self) -> None:
        with self._hand:
            taken, self._waiting, rows, self._rows = self._waiting, [], self._rows, 0
        if not taken:
            return
        content = self._encoder.encode_lines(taken)
        try:
            file = self._opened()
            written = 0
            while written < len(content):
                written += os.write(file, content[written:])
            self._size += written
        except OSError:
            self.lost += rows
            self._cut()

    def _opened(self) -> int:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._free()
            # Under its name only once it is locked: what has the name and no lock is at its end.
            hidden = path.with_name(f".{path.name}")
            file = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            self._file, self._path, self._size, self._since = file, path, 0, time.monotonic()
            fcntl.flock(file, fcntl.LOCK_EX)
            hidden.rename(path)
        return self._file

    def _free(self) -> Path:
        """A name that no journal has; a clock that was set back may give one again."""
        stamp = time.time_ns()
        while True:
            path = self._folder / f"{self._worker}-{stamp}.jsonl{OPEN}"
            if not path.exists() and not path.with_suffix("").exists():
                return path
            stamp += 1

    def _cut(self) -> None:
        """Take the half-written end away, so that what stands before it stays whole."""
        if self._file is not None:
            try:
                os.ftruncate(self._file, self._size)
                os.lseek(self._file, self._size, os.SEEK_SET)
            except OSError:
                self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._path.rename(self._path.with_suffix(""))
        except OSError:
            # Whoever settles finds it without a lock.
            pass
        finally:
            os.close(file)
