"""What every peer is given and what it hands back; each peer's own file says only how it is asked.

A folder holds ``task.json``, ``train.parquet`` and ``test.parquet``: the raw columns of the two sides, and the target
as ``__target__``, for classes their positions. `answer` has a peer learn within the budget, by the clock of
`progress`, and leaves ``answers.npy`` (probabilities ``[n, classes]`` or values ``[n, 1]``) and ``report.json``:
CPU seconds of learning, CPU milliseconds of answering one row (the median of 15), bytes on disk, and a word on
what was learnt.

A peer's file runs in the peer's own environment: only the standard library, NumPy and pandas are imported here.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import progress

TARGET = "__target__"
_ROWS = 15


class Task(NamedTuple):
    """What is asked of a peer."""

    kind: str
    """binary, multiclass or regression."""
    classes: int
    seed: int
    budget: float
    """Seconds of one core."""
    place: Path
    """Where it may write."""


class Learnt(NamedTuple):
    """What a peer hands back."""

    predict: Callable[[Any], Any]
    """A pandas frame to probabilities ``[n, classes]`` or values ``[n]``."""
    saved: Path
    """The file or folder that would be shipped."""
    about: str


def read(path: Path) -> Any:
    """A pandas frame; texts as objects and names without brackets, which all peers understand."""
    pandas = importlib.import_module("pandas")
    frame = pandas.read_parquet(path)
    frame.columns = [re.sub("[^A-Za-z0-9_]", "_", name) for name in frame.columns]
    texts = [c for c in frame.columns if str(frame[c].dtype) in ("str", "string", "category")]
    return frame.astype(dict.fromkeys(texts, object))


def answer(package: str, learn: Callable[[Any, Any, Task], Learnt]) -> None:
    """Run one peer on the folder that the command line names.

    Args:
        package: whose version is reported.
        learn: (features, target, task) to what was learnt.
    """
    progress.install()
    warnings.simplefilter("ignore")
    place = Path(sys.argv[1])
    asked = json.loads((place / "task.json").read_text(encoding="utf-8"))
    train, test = read(place / "train.parquet"), read(place / "test.parquet")
    task = Task(asked["kind"], asked["classes"], asked["seed"], asked["budget"], place / "work")
    task.place.mkdir()
    y = train.pop(TARGET)
    test = test.drop(columns=[TARGET])
    began = progress.cpu()
    learnt = learn(train, y, task)
    spent = progress.cpu() - began
    numpy: Any = importlib.import_module("numpy")
    answers = numpy.asarray(learnt.predict(test), dtype=numpy.float64).reshape(len(test), -1)
    numpy.save(place / "answers.npy", answers)
    report = {
        "version": importlib.metadata.version(package),
        "cpu": round(spent, 2),
        "row_ms": round(_row(learnt.predict, test), 3),
        "bytes": sum(p.stat().st_size for p in (learnt.saved, *learnt.saved.rglob("*")) if p.is_file()),
        "about": learnt.about,
    }
    (place / "report.json").write_text(json.dumps(report), encoding="utf-8")


def _row(predict: Callable[[Any], Any], test: Any) -> float:
    times = []
    for number in range(_ROWS):
        row = test.iloc[[number]]
        began = time.process_time()
        predict(row)
        times.append(time.process_time() - began)
    return 1000 * statistics.median(times)
