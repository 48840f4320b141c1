"""The objective of the search: cross-validation in worker processes that are ended when the time is up."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import selectors
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec
import numpy as np

from volvelle import catalog
from volvelle.errors import ContractBroken, InputError, OutOfTime
from volvelle.flow import worker
from volvelle.flow.lesson import Training
from volvelle.prepare.split import Index
from volvelle.train.contract import Settings
from volvelle.train.search import Outcome

Folds = list[tuple[Index, Index]]
"""Row numbers to learn from and to score on."""
_PREFIX, _HELD, _ERRORS = "volvelle-trials-", "held", "errors.txt"
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


class Trials:
    """Measures candidates; a context manager that ends its processes.

    Scores do not depend on the number of workers, by default one for each core: each fold is one job of one thread.
    """

    def __init__(
        self,
        lesson: Training,
        metric: str,
        folds: Folds,
        seed: int,
        overrides: Mapping[str, tuple[str, ...]],
        *,
        workers: int | None = None,
    ) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
        self._held = _hold(Path(self._folder.name))
        self._count = len(folds)
        self._workers: list[subprocess.Popen[bytes]] = []
        self._size = max(1, min(len(folds), workers or os.cpu_count() or 1))
        sides = {f"train_{i}": f[0] for i, f in enumerate(folds)} | {f"valid_{i}": f[1] for i, f in enumerate(folds)}
        folder = Path(self._folder.name)
        arrays: dict[str, Any] = {"target": lesson.target, **lesson.inputs, **sides}
        np.savez(folder / "lesson.npz", **arrays)
        about = {
            "signature": msgspec.to_builtins(lesson.signature),
            "metric": metric,
            "seed": seed,
            "overrides": dict(overrides),
        }
        (folder / "lesson.json").write_text(json.dumps(about), encoding="utf-8")

    def __enter__(self) -> Trials:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._folder.cleanup()
        self._held.close()

    def measure(self, estimator: str, settings: Settings, left: float | None) -> Outcome:
        """Mean and standard deviation of the metric over the folds.

        Raises:
            OutOfTime: the seconds ended; the workers are ended with them.
            InputError: a fold could not be trained.
        """
        deadline = math.inf if left is None else time.monotonic() + left
        self._start()
        jobs = [{"estimator": estimator, "settings": settings, "fold": fold} for fold in range(self._count)]
        scores: dict[int, float] = {}
        with selectors.DefaultSelector() as answers:
            for process in self._workers:
                answers.register(_opened(process.stdout), selectors.EVENT_READ, process)
            running: dict[int, int] = {}
            waiting = list(reversed(jobs))
            failure = ""
            for process in self._workers:
                _send(process, waiting, running)
            while running:
                ready = answers.select(None if deadline == math.inf else max(0.0, deadline - time.monotonic()))
                if not ready:
                    self._end()
                    raise OutOfTime("the time budget ended in the middle of a trial")
                for key, _ in ready:
                    fold = running.pop(key.data.pid)
                    answer = self._read(key.data)
                    if isinstance(answer, str):
                        failure, waiting = failure or answer, []
                    else:
                        scores[fold] = answer
                    _send(key.data, waiting, running)
        if failure:
            raise InputError(failure)
        values = [scores[fold] for fold in sorted(scores)]
        return Outcome(statistics.fmean(values), statistics.pstdev(values) if all(map(math.isfinite, values)) else 0.0)

    def _read(self, process: subprocess.Popen[bytes]) -> float | str:
        """The score of a finished job, or what went wrong."""
        line = _opened(process.stdout).readline()
        if not line:
            code = process.wait()
            self._end()
            raise InputError(f"the training process ended by itself (code {code}): {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        for look in answer["looked"]:
            for observer in catalog.observers:
                observer(*look)
        return str(answer["error"]) if "error" in answer else float(answer["score"])

    def _last_words(self) -> str:
        text = (Path(self._folder.name) / _ERRORS).read_text(encoding="utf-8", errors="replace").strip()
        return text.rpartition("\n")[2][:300] or "it said nothing; it may have run out of memory"

    def _start(self) -> None:
        if any(process.poll() is not None for process in self._workers):
            # One that died while it had nothing to do says nothing about the next candidate.
            self._end()
        if self._workers:
            return
        # What this process can import, its workers can.
        path = os.pathsep.join(place for place in sys.path if place)
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": path}
        command = [sys.executable, "-m", worker.__name__, self._folder.name, str(os.getpid())]
        with (Path(self._folder.name) / _ERRORS).open("wb") as errors:
            for _ in range(self._size):
                self._workers.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=errors,
                        env=environment,
                        start_new_session=True,
                    )
                )

    def _end(self) -> None:
        for process in self._workers:
            process.kill()
        for process in self._workers:
            process.wait()
            _opened(process.stdout).close()
            with contextlib.suppress(BrokenPipeError):
                _opened(process.stdin).close()
        self._workers.clear()


def _hold(folder: Path) -> IO[str]:
    """Show that a folder is in use for as long as this process lives; the system frees the lock of a killed one."""
    held = (folder / "locking").open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    # Only now can it be seen, so that nobody finds it free.
    (folder / "locking").rename(folder / _HELD)
    return held


def _sweep(place: Path) -> None:
    """Remove what killed processes left."""
    for left in place.glob(f"{_PREFIX}*/{_HELD}"):
        with contextlib.suppress(OSError), left.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left.parent, ignore_errors=True)


def _send(process: subprocess.Popen[bytes], waiting: list[dict[str, Any]], running: dict[int, int]) -> None:
    if waiting:
        job = waiting.pop()
        running[process.pid] = job["fold"]
        pipe = _opened(process.stdin)
        try:
            pipe.write(json.dumps(job).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            # The end of the process is seen, and told, where its answer is read.
            return


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ContractBroken("a worker was started without pipes")
    return pipe
