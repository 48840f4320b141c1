"""A process that trains and scores single folds: ``python -m volvelle.flow.worker FOLDER PARENT``.

It reads one JSON job a line from standard input and answers one line each on standard output, so that its
parent can end it at any moment without losing anything else.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
import warnings
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle import catalog
from volvelle.catalog import ESTIMATORS, FORETELLERS
from volvelle.errors import ModelError, VolvelleError
from volvelle.evaluate.budget import Budget
from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import side
from volvelle.model.effort import operations
from volvelle.model.signature import Signature
from volvelle.prepare import recipe as preparing
from volvelle.prepare.contract import View
from volvelle.prepare.pairs import pairs_of
from volvelle.train import distil, learning
from volvelle.train.assemble import Part, assemble
from volvelle.train.contract import Grown, Lesson, Settings
from volvelle.train.rows import enough

_ROWS = 64
"""With so many rows a foreteller may ask how precise a model must be."""
Arrays = dict[str, NDArray[Any]]


class Fold(NamedTuple):
    """Features of one fold for one view."""

    train: NDArray[np.float32]
    valid: NDArray[np.float32]
    y_train: NDArray[Any]
    y_valid: NDArray[Any]
    recipe: preparing.Recipe


class Worker:
    """Holds the training side and the features already computed."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "lesson.npz", allow_pickle=False) as arrays:
            self._arrays = {name: arrays[name] for name in arrays.files}
        about = json.loads((folder / "lesson.json").read_text(encoding="utf-8"))
        self._signature = msgspec.convert(about["signature"], Signature)
        self._metric, self._seed = about["metric"], about["seed"]
        self._given = about["given"]
        self._overrides = {name: tuple(steps) for name, steps in about["overrides"].items()}
        self._pairs = about["pairs"]
        self._budget = msgspec.convert(about["budget"], Budget)
        self._folds: dict[tuple[View, bool, int], Fold] = {}
        self._grown: dict[int, Grown] = {}
        self._said: dict[bytes, NDArray[np.float64]] = {}
        """What teachers say of the training rows of a fold."""

    def score(self, name: str, settings: Settings, number: int, out: str, *, weigh: bool) -> dict[str, Any]:
        """The search metric of one candidate on one fold, and the seconds of one core that predicting took.

        The predictions are left in the file `out`. To `weigh` is to write the ONNX file and measure it.
        """
        fold = self._fold(name, settings, number)
        learnt = learning.learn(name, self._taught(self._lesson(fold), settings, number), settings)
        return self._judged(learnt, fold, number, out, weigh=weigh)

    def grow(self, name: str, settings: Settings, number: int, out: str, *, weigh: bool) -> dict[str, Any]:
        """`score` of a candidate that grows until the rows held out of the fold lose least, and their losses.

        Where these rows are not `enough` to say so by themselves the score is a little too good, and what was grown is
        kept until it is cut. In the first fold other settings take the place of some that never stop, where they lose
        less.
        """
        fold = self._fold(name, settings, number)
        lesson = self._lesson(fold)
        held = replace(lesson, x=fold.valid, y=fold.y_valid)
        began = time.process_time()
        grown = learning.grow(name, lesson, held, settings)
        took, aside = time.process_time() - began, 0.0
        other = learning.instead(name, grown, settings) if number == 0 else None
        if other is not None:
            wider = learning.grow(name, lesson, held, settings | other)
            better = min(wider.losses) < min(grown.losses)
            aside = took if better else time.process_time() - began - took
            grown, other = (wider, other) if better else (grown, None)
        sure = enough(fold.y_valid, lesson.classes)
        if not sure:
            self._grown[number] = grown
        steps = int(np.argmin(grown.losses)) + 1 if grown.losses else None
        learnt = learning.cut(name, grown, settings, self._signature.task, steps)
        told = {"losses": grown.losses, "enough": sure, "aside": aside, "found": {**grown.found, **(other or {})}}
        return {**told, **self._judged(learnt, fold, number, out, weigh=weigh)}

    def cut(self, name: str, settings: Settings, number: int, out: str, *, steps: int | None, weigh: bool) -> Any:
        """`score` of the first steps of what was grown on a fold, which is let go."""
        learnt = learning.cut(name, self._grown.pop(number), settings, self._signature.task, steps)
        return self._judged(learnt, self._fold(name, settings, number), number, out, weigh=weigh)

    def _judged(self, learnt: learning.Learnt, fold: Fold, number: int, out: str, *, weigh: bool) -> dict[str, Any]:
        began = time.process_time()
        scores = learning.answer(learnt, fold.valid)
        seconds = time.process_time() - began
        np.save(out, np.asarray(scores, dtype=np.float32))
        answer: dict[str, Any] = {"score": self._metric_of(scores, fold), "answering": seconds, "out": out}
        if weigh:
            content = assemble(self._signature, [Part(learnt, fold.recipe)], {})
            answer |= {"size": len(content), "operations": operations(content)}
            answer |= self._foretold(content, number)
        for form, other in learning.beside(learnt).items():
            content = assemble(self._signature, [Part(other, fold.recipe)], {}) if weigh else b""
            takes = self._foretold(content, number).get("foretold", {}) if weigh else {}
            answer[form] = {**takes, "score": self._metric_of(learning.answer(other, fold.valid), fold)}
        return answer

    def _taught(self, lesson: Lesson, settings: Settings, number: int) -> Lesson:
        """The lesson of a student, of what its teacher says of the training rows of a fold; of others as it is."""
        members = distil.teacher_of(settings)
        if not members:
            return lesson
        key = msgspec.json.encode((members, number), order="deterministic")
        if key not in self._said:
            self._said[key] = distil.said(
                members, lambda one: self._lesson(self._fold(one.estimator, one.settings, number))
            )
        return distil.taught(lesson, self._said[key])

    def _metric_of(self, scores: NDArray[np.floating[Any]], fold: Fold) -> float:
        truth = side(fold.y_valid, np.argmax(scores, axis=1), scores, self._signature, given=self._given)
        return value(self._metric, truth, self._signature.task)

    def _foretold(self, content: bytes, number: int) -> dict[str, Any]:
        """What a file takes on the device, if there is one with limits; nothing of a model that it cannot run."""
        if self._budget.device is None or not self._budget.limits:
            return {}
        valid = self._arrays[f"valid_{number}"][:_ROWS]
        rows: Arrays = {t: self._arrays[t][valid] for t in preparing.KINDS if t in self._arrays}
        most = min((limit.most for limit in self._budget.limits if limit.name == "flash"), default=inf)
        try:
            # Loaded by name, so that without a device no search depends on the compiler.
            tell = partial(FORETELLERS.load("counted").foretell, content, self._budget.device, rows, most)
            return {"foretold": self._budget.foretold(tell, sum(name.startswith("train_") for name in self._arrays))}
        except ModelError as error:
            return {"foretold": {}, "refused": str(error).partition("\n")[0]}

    def settle(self, name: str, settings: Settings, number: int) -> Settings:
        """Settings that an estimator takes from the training rows of a fold."""
        return learning.settle(name, self._lesson(self._fold(name, settings, number)), settings)

    def warm(self, name: str, settings: Settings, number: int) -> None:
        """Prepare the rows of a fold for a candidate, if they are not."""
        self._fold(name, settings, number)

    def _lesson(self, fold: Fold) -> Lesson:
        return Lesson(
            x=fold.train,
            y=fold.y_train,
            task=self._signature.task,
            classes=len(self._signature.classes),
            categorical=preparing.categorical(fold.recipe),
            seed=self._seed,
            threads=1,
        )

    def _fold(self, name: str, settings: Settings, number: int) -> Fold:
        """Recipe fitted on the fold's training rows alone; kept for all candidates that want the same features."""
        view, bought = ESTIMATORS.load(name).VIEW, settings.get(learning.PAIRS) is True
        key = (view, bought, number)
        if key not in self._folds:
            train, valid = self._arrays[f"train_{number}"], self._arrays[f"valid_{number}"]
            inputs: Arrays = {t: self._arrays[t] for t in preparing.KINDS if t in self._arrays}
            learnt = {t: a[train] for t, a in inputs.items()}
            y = self._arrays["target"]
            pairs = pairs_of(self._pairs, bought, learnt, self._signature, y[train])
            recipe, made = preparing.learn(learnt, self._signature, view, y[train], self._overrides, pairs=pairs)
            self._folds[key] = Fold(
                made,
                preparing.features(recipe, self._signature, {t: a[valid] for t, a in inputs.items()}),
                y[train],
                y[valid],
                recipe,
            )
        return self._folds[key]


def serve(folder: Path) -> None:
    """Answer jobs until standard input ends."""
    worker = Worker(folder)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    looked: list[tuple[str, str, str]] = []
    catalog.observers.append(lambda event, group, name: looked.append((event, group, name)))
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = _answered(worker, job)
        except (VolvelleError, ValueError, ArithmeticError, MemoryError, np.linalg.LinAlgError) as error:
            answer = {"error": f"{type(error).__name__}: {error}".partition("\n")[0][:300]}
        # The parent's stage depends on what was loaded here.
        answers.write(json.dumps({**answer, "looked": sorted(set(looked))}) + "\n")
        looked.clear()
        answers.flush()


def _answered(worker: Worker, job: dict[str, Any]) -> dict[str, Any]:
    """What one job gave, and the seconds that it took without preparing the rows."""
    worker.warm(job["estimator"], job["settings"], job["fold"])
    began = time.process_time()
    what = job["estimator"], job["settings"], job["fold"]
    if job["task"] == "settle":
        answer: dict[str, Any] = {"found": worker.settle(*what)}
    elif job["task"] == "grow":
        answer = worker.grow(*what, job["out"], weigh=job["weigh"])
    elif job["task"] == "cut":
        answer = worker.cut(*what, job["out"], steps=job["steps"], weigh=job["weigh"])
    else:
        answer = worker.score(*what, job["out"], weigh=job["weigh"])
    return {**answer, "seconds": time.process_time() - began}


def _end_with(parent: int, folder: Path) -> None:
    """End this process when its parent is gone, even in the middle of a long fit, and clear up after the parent."""
    while os.getppid() == parent:
        time.sleep(0.5)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    lesson = Path(sys.argv[1])
    threading.Thread(target=_end_with, args=(int(sys.argv[2]), lesson), daemon=True).start()
    serve(lesson)
    # A parent that lives ends its workers before it closes their input.
    shutil.rmtree(lesson, ignore_errors=True)
