"""When a search tries a student, and who teaches it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from volvelle.flow.result import find
from volvelle.flow.students import AFTER, EVERY, Students
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse
from volvelle.train.distil import teacher_of
from volvelle.train.learning import TEACHER
from volvelle.train.records import Trial

TRUTH = np.eye(2)[np.arange(40) % 2]
NAMES = ("lightgbm", "logistic", "linear", "constant")
ANSWERS = {n: np.clip(TRUTH + np.random.default_rng(k).normal(size=(40, 2)) / 3, 0, 1) for k, n in enumerate(NAMES)}


def trial(number: int, name: str, score: float, *, fits: bool, **settings: Any) -> Trial:
    """A finished trial."""
    return Trial(
        number=number, estimator=name, settings=settings, status="done", score=score, fits=fits, predictions=name
    )


def test_the_best_that_fits_is_taught_by_the_best_of_all() -> None:
    """After so many trials, once for the same settings, and again only after some more."""
    students = Students(lambda digest: ANSWERS[digest].astype(np.float32), TRUTH, "up")
    trials = [trial(k, "constant", 0.5, fits=True) for k in range(AFTER - 3)]
    trials += [
        trial(AFTER - 3, "lightgbm", 0.9, fits=False, size=9),
        trial(AFTER - 2, "logistic", 0.8, fits=True, size=1),
    ]
    trials += [trial(AFTER - 1, "linear", 0.7, fits=True, size=2)]
    assert students.next(trials[:-1]) is None
    point = students.next(trials)
    assert point is not None
    name, settings = point
    assert (name, settings["size"]) == ("logistic", 1)
    members = teacher_of(settings)
    assert members[0].estimator == "lightgbm"
    assert abs(sum(m.weight for m in members) - 1) < 1e-5
    trials.append(trial(AFTER, name, 0.85, fits=True, **settings))
    more = [trial(AFTER + 1 + k, "linear", 0.1, fits=True, size=k) for k in range(EVERY)]
    assert students.next(trials + more) is None, "its settings were taught"
    better = trial(AFTER + EVERY + 1, "linear", 0.82, fits=True, size=5)
    found = students.next([*trials, *more, better])
    assert found is not None
    assert found[0] == "linear"
    assert all(m.settings.get(TEACHER) is None for m in teacher_of(found[1])), "no student teaches"


def test_without_a_budget_nobody_is_taught() -> None:
    """Where no device bounds anything, the large models themselves can be had."""
    students = Students(lambda digest: ANSWERS[digest].astype(np.float32), TRUTH, "up")
    trials = [trial(k, "lightgbm", 0.9, fits=True) for k in range(AFTER + 1)]
    free = [Trial(number=t.number, estimator="lightgbm", settings={}, status="done", score=0.9) for t in trials]
    assert students.next(free) is None


SPEC = """
problem.target = "Survived"
data.source = "{source}"
data.ignore = ["PassengerId", "Name", "Ticket", "Cabin"]
device = {{ core = "cortex-m0" }}
require.gates = ["flash <= 4 KiB", "parity <= 1e-5"]
search = {{ trials = 12, folds = 3, estimators = ["constant", "logistic", "decision_tree", "lightgbm"] }}
"""


def test_a_student_is_built_and_proved(tmp_path: Path, real_data: Path) -> None:
    """On a real table a small tree that larger models taught is the best that fits, and ships with all gates passed."""
    project = Project(tmp_path)
    spec = parse(SPEC.format(source=real_data / "tabular" / "titanic.csv.gz"))
    found = find(project, turn(project, spec, lambda event, facts: None).run)
    (student,) = [t for t in found.searched.trials if teacher_of(t.settings)]
    plain = [t for t in found.searched.trials if t.estimator == student.estimator and t is not student]
    assert (student.score or 0) > max(t.score or 0 for t in plain)
    assert found.searched.best == student.number
    assert {v.verdict for v in found.evidence.verdicts} == {"pass"}
    (shipped,) = [p for p in found.evidence.front if p.shipped]
    assert shipped.form == "student"
    assert len(found.model.recipes) == 1, "what its teachers see is not in it"
