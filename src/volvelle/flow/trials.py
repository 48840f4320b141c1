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
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal

import msgspec
import numpy as np
import polars as pl

from volvelle import catalog
from volvelle.catalog import ESTIMATORS
from volvelle.data.versions import to_bytes
from volvelle.errors import ContractBroken, InputError, OutOfTime
from volvelle.evaluate.budget import NOWHERE, Budget
from volvelle.evaluate.budget import share as largest_share
from volvelle.flow import worker
from volvelle.flow.lesson import Training
from volvelle.prepare.split import Index
from volvelle.train import learning
from volvelle.train.contract import Settings
from volvelle.train.learning import BESIDE
from volvelle.train.search import GoesOn, Outcome
from volvelle.train.stops import stops

Task = Literal["settle", "score", "grow", "cut"]
Folds = list[tuple[Index, Index]]
"""Row numbers to learn from and to score on."""
_PREFIX, _HELD, _ERRORS = "volvelle-trials-", "held", "errors.txt"
_LONG = 1.5
"""Settling, or a first fold, that takes so many times its share of the time that is left cannot be made up for by the
others."""
_ALIKE = 1.25
"""Folds that learn from at most so many times the rows of others need about as many steps."""
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
        keep: Callable[[bytes], str],
        *,
        workers: int | None = None,
        given: Mapping[str, Any] | None = None,
        budget: Budget = NOWHERE,
    ) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
        self._held = _hold(Path(self._folder.name))
        self._count, self._keep, self._budget = len(folds), keep, budget
        sizes = [len(learnt) for learnt, _ in folds]
        self._alike = max(sizes) <= _ALIKE * min(sizes)
        self._workers: list[subprocess.Popen[bytes]] = []
        self._busy: dict[int, int] = {}
        """Process to the job it works on."""
        self._jobs = 0
        self._size = max(1, min(len(folds), workers or os.cpu_count() or 1))
        sides = {f"train_{i}": f[0] for i, f in enumerate(folds)} | {f"valid_{i}": f[1] for i, f in enumerate(folds)}
        folder = Path(self._folder.name)
        arrays: dict[str, Any] = {"target": lesson.target, **lesson.inputs, **sides}
        np.savez(folder / "lesson.npz", **arrays)
        about = {
            "signature": msgspec.to_builtins(lesson.signature),
            "metric": metric,
            "given": dict(given or {}),
            "seed": seed,
            "overrides": dict(lesson.overrides),
            "pairs": lesson.pairs,
            "budget": msgspec.to_builtins(budget),
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

    def measure(self, estimator: str, settings: Settings, left: float | None, goes_on: GoesOn) -> Outcome:
        """Score a candidate fold by fold, until it is done or not worth another fold.

        Folds are asked for in order and judged in order, so what is stopped does not depend on the number of workers.

        Raises:
            OutOfTime: the seconds ended, or the first fold takes so long that all folds cannot be done in them; the
                workers are ended with it.
            InputError: a fold could not be trained.
        """
        # Starting the processes is no part of a candidate's cost, and ending them would only start them again.
        self._start()
        # Of trials before this one nothing is wanted any more, nor of folds that ended after they were stopped.
        for left_over in Path(self._folder.name).glob("job-*.npy"):
            left_over.unlink()
        deadline = math.inf if left is None else time.monotonic() + left
        if self._alike and learning.grows(estimator, settings):
            return self._grown(estimator, settings, deadline, goes_on)
        found, settling = self._settled(estimator, settings, deadline)
        last = getattr(ESTIMATORS.load(estimator), "LAST", ())
        tried = {name: value for name, value in {**settings, **found}.items() if name not in last}
        jobs = [self._job("score", estimator, tried, fold) for fold in range(self._count)]
        with contextlib.closing(self._answers(jobs, deadline, self._soon(deadline, self._rounds()))) as answers:
            judged = self._judged(answers, goes_on)
        return self._outcome(judged, found, work=settling, settling=settling)

    def _settled(self, estimator: str, settings: Settings, deadline: float) -> tuple[Settings, float]:
        """Settings that the estimator takes from the rows, and the seconds that this took."""
        if not hasattr(ESTIMATORS.load(estimator), "settle"):
            return {}, 0.0
        # Forward in time the last fold has the most rows to learn from; else all have as many.
        job = self._job("settle", estimator, settings, self._count - 1)
        # It may hold out several parts in turn, so that it is as long as all folds are.
        (answer,) = self._answers([job], deadline, self._soon(deadline, 2))
        return answer["found"], answer["seconds"]

    def _grown(self, estimator: str, settings: Settings, deadline: float, goes_on: GoesOn) -> Outcome:
        """Score a candidate that grows step by step, its folds each as far as the others' losses say."""
        with contextlib.closing(self._growing(estimator, settings, deadline)) as answers:
            judged = self._judged(answers, goes_on)
        found = judged[0]["found"]
        if len(judged) < self._count:
            return self._outcome(judged, found)
        ends = stops([answer["losses"] for answer in judged])
        found |= {} if ends.all is None else {ESTIMATORS.load(estimator).GROWS[0]: ends.all}
        # Steps that were only grown to see that they are too many, or not good enough, are no part of a last fit.
        shares = [1 - (ends.all or len(answer["losses"])) / max(1, len(answer["losses"])) for answer in judged]
        beyond = sum(a["aside"] + (a["seconds"] - a["aside"]) * more for a, more in zip(judged, shares, strict=True))
        grown = sum(answer["seconds"] for answer in judged)
        jobs = [
            self._job("cut", estimator, {**settings, **found}, fold)
            | {"steps": steps, "by": answer["by"], "out": answer["out"]}
            for fold, (steps, answer) in enumerate(zip(ends.folds, judged, strict=True))
            if not answer["enough"]
        ]
        cut = {job["fold"]: answer for job, answer in zip(jobs, self._answers(jobs, math.inf), strict=True)}
        again = [{**answer, "seconds": 0.0, **cut.get(fold, {})} for fold, answer in enumerate(judged)]
        return self._outcome(again, found, work=grown, settling=beyond)

    def _growing(self, estimator: str, settings: Settings, deadline: float) -> Generator[dict[str, Any], None, None]:
        """The folds in their order; where the first one finds other settings, the others go by these."""
        jobs = [self._job("grow", estimator, settings, fold) for fold in range(self._count)]
        with contextlib.closing(self._answers(jobs, deadline, self._soon(deadline, self._rounds()))) as answers:
            first = next(answers)
            yield first
            other = {name: value for name, value in first["found"].items() if name in settings}
            if not other:
                yield from answers
                return
        yield from self._answers(
            [self._job("grow", estimator, settings | other, fold) for fold in range(1, self._count)], deadline
        )

    def _judged(self, answers: Iterable[dict[str, Any]], goes_on: GoesOn) -> list[dict[str, Any]]:
        """Folds in their order, as long as the candidate is worth another."""
        judged: list[dict[str, Any]] = []
        for answer in answers:
            judged.append(answer)
            scores = tuple(float(a["score"]) for a in judged)
            if len(judged) < self._count and not goes_on(scores, self._fits(_last(judged, "foretold"))):
                break
        return judged

    def _outcome(
        self, judged: list[dict[str, Any]], found: Settings, *, work: float = 0.0, settling: float = 0.0
    ) -> Outcome:
        """What folds that were judged say together; `work` was done before them."""
        whole = len(judged) == self._count
        kept = self._kept([answer["out"] for answer in judged]) if whole else ""
        weight = {name: judged[-1][name] for name in ("size", "operations")} if whole else {}
        beside = {form: [answer[form] for answer in judged if form in answer] for form in BESIDE}
        foretold = _last(judged, "foretold")
        return Outcome(
            tuple(float(answer["score"]) for answer in judged),
            found,
            work + sum(answer["seconds"] for answer in judged),
            sum(answer["answering"] for answer in judged),
            kept,
            settling,
            **weight,
            real=_mean(beside["real"]),
            unpruned=_mean(beside["unpruned"]),
            foretold=foretold or {},
            fits=self._fits(foretold),
            note=judged[-1].get("refused", ""),
        )

    def _rounds(self) -> int:
        """How often a worker fits a fold in one trial."""
        return math.ceil(self._count / self._size)

    @staticmethod
    def _soon(deadline: float, parts: int) -> float:
        """By when the first of equal parts has to be done, if all are to be done by the deadline."""
        now = time.monotonic()
        return min(now + _LONG / parts * (deadline - now), deadline)

    def _fits(self, foretold: dict[str, int] | None) -> bool | None:
        """Whether a candidate keeps within the budget; None where there is none, or before it was weighed."""
        return None if foretold is None else largest_share(foretold, self._budget.limits, self._count) <= 1

    def _job(self, task: Task, estimator: str, settings: Settings, fold: int) -> dict[str, Any]:
        self._jobs += 1
        out = str(Path(self._folder.name) / f"job-{self._jobs}.npy")
        # One fold's file stands for all: they differ by their rows alone. Under a budget the first one tells early.
        weigh = fold == self._count - 1 or (fold == 0 and bool(self._budget.limits))
        job = {"number": self._jobs, "task": task, "estimator": estimator, "settings": settings, "fold": fold}
        return job | {"out": out, "weigh": weigh}

    def _kept(self, files: Sequence[str]) -> str:
        """The out-of-fold predictions, rows fold by fold, in the store."""
        table = np.concatenate([np.load(file, allow_pickle=False) for file in files])
        return self._keep(to_bytes(pl.DataFrame({f"score_{k}": table[:, k] for k in range(table.shape[1])})))

    def _answers(
        self, jobs: list[dict[str, Any]], deadline: float, first: float | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """The answers to jobs in their order; workers that still have an earlier job are waited for by need only.

        The first answer has a deadline of its own.
        """
        waiting, done = list(reversed(jobs)), dict[int, dict[str, Any]]()
        with selectors.DefaultSelector() as selector:
            for process in self._workers:
                selector.register(_opened(process.stdout), selectors.EVENT_READ, process)
                if process.pid not in self._busy:
                    self._send(process, waiting)
            for job in jobs:
                ends = first if first is not None and job is jobs[0] else deadline
                while job["number"] not in done:
                    ready = selector.select(None if ends == math.inf else max(0.0, ends - time.monotonic()))
                    # Only the clock says when the time is up: it may go slower than the waiting.
                    if not ready and time.monotonic() >= ends:
                        self._end()
                        raise OutOfTime("the time budget ended in the middle of a trial")
                    for event, _ in ready:
                        number, answer = self._read(event.data)
                        done[number] = answer
                        self._send(event.data, waiting)
                if "error" in done[job["number"]]:
                    raise InputError(str(done[job["number"]]["error"]))
                yield done[job["number"]]

    def _read(self, process: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any]]:
        """The number of a finished job and its answer."""
        line = _opened(process.stdout).readline()
        if not line:
            raise self._ended(process)
        answer: dict[str, Any] = json.loads(line)
        for look in answer["looked"]:
            for observer in catalog.observers:
                observer(*look)
        return self._busy.pop(process.pid), answer | {"by": process.pid}

    def _send(self, process: subprocess.Popen[bytes], waiting: list[dict[str, Any]]) -> None:
        # What a process has grown, only that process can cut.
        job = next((job for job in reversed(waiting) if job.get("by", process.pid) == process.pid), None)
        if job is not None:
            waiting.remove(job)
            self._busy[process.pid] = job["number"]
            pipe = _opened(process.stdin)
            # The end of the process is seen, and told, where its answer is read.
            with contextlib.suppress(BrokenPipeError):
                pipe.write(json.dumps(job).encode() + b"\n")
                pipe.flush()

    def _ended(self, process: subprocess.Popen[bytes]) -> InputError:
        """What is told of a worker that is gone; the others are ended too."""
        code = process.wait()
        self._end()
        return InputError(f"the training process ended by itself (code {code}): {self._last_words()}")

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
        for process in self._workers:
            if not _opened(process.stdout).readline():
                raise self._ended(process)

    def _end(self) -> None:
        for process in self._workers:
            process.kill()
        for process in self._workers:
            process.wait()
            _opened(process.stdout).close()
            with contextlib.suppress(BrokenPipeError):
                _opened(process.stdin).close()
        self._workers.clear()
        self._busy.clear()


def _last(judged: list[dict[str, Any]], name: str) -> Any:
    """What the newest of the folds says that says it."""
    return next((answer[name] for answer in reversed(judged) if name in answer), None)


def _mean(told: list[dict[str, float]]) -> dict[str, float]:
    """The mean score of what a candidate is measured beside, and what the last of these models takes."""
    if not told:
        return {}
    found: dict[str, float] = {name: told[-1][name] for name in ("flash", "ram", "instructions") if name in told[-1]}
    found["score"] = statistics.fmean(fold["score"] for fold in told)
    return found


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


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ContractBroken("a worker was started without pipes")
    return pipe
