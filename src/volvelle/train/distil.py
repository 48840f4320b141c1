"""Students: small models that learn from what large ones answer, and not from the labels alone.

A teacher is a weighted mean of models. What it says of a training row comes from models that had not learnt from that
row, nor from any row that the student is scored on: the training rows are divided once more, inside each fold. Of each
row the student sees `COPIES` copies, whose labels stand in the shares that the teacher gives, half and half with the
label itself; of a value it sees the mean of both. So any estimator can be a student, as it is.

References: Bucila, Caruana, Niculescu-Mizil, Model compression, KDD 2006; Hinton, Vinyals, Dean, Distilling the
knowledge in a neural network, 2015, section 2, for the mean with the labels.

>>> lesson = Lesson(x=np.zeros((1, 1), np.float32), y=np.array([1]), task="binary", classes=2)
>>> taught(lesson, np.array([[0.5, 0.5]])).y.tolist()
[0, 1, 1, 1]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle.train.contract import Lesson, Settings
from volvelle.train.learning import TEACHER, answer, learn
from volvelle.train.records import Member
from volvelle.train.rows import folds

FOLDS, COPIES, SHARE = 3, 4, 0.5
"""Parts of the training rows; copies of a row; the teacher's share beside the label."""


def teacher_of(settings: Settings) -> tuple[Member, ...]:
    """The models that a student learns from; none for any other candidate."""
    return msgspec.convert(settings.get(TEACHER, ()), tuple[Member, ...])


def taught(lesson: Lesson, scores: NDArray[Any]) -> Lesson:
    """The lesson of a student.

    Args:
        lesson: the rows.
        scores: what the teacher says of each, ``[n, classes]`` or ``[n, 1]``, not having learnt from it.
    """
    if lesson.task == "regression":
        # A value outside of those that were seen may have no logarithm.
        said = np.clip(scores[:, 0].astype(np.float64), lesson.y.min(), lesson.y.max())
        return replace(lesson, y=SHARE * said + (1 - SHARE) * lesson.y)
    soft = SHARE * scores.astype(np.float64) + (1 - SHARE) * np.eye(lesson.classes)[lesson.y]
    ends = np.cumsum(soft, axis=1)
    # Of each row the shares are met as nearly as copies can, over all rows exactly.
    begin = np.random.default_rng(lesson.seed).random(len(soft)) if len(soft) > 1 else np.full(1, 0.5)
    places = (np.arange(COPIES) + begin[:, None]) / COPIES * ends[:, -1:]
    labels = (places[:, :, None] >= ends[:, None, :-1]).sum(axis=2)
    return replace(lesson, x=np.repeat(lesson.x, COPIES, axis=0), y=labels.reshape(-1).astype(np.int64))


def said(members: Sequence[Member], lesson_of: Callable[[Member], Lesson]) -> NDArray[np.float64]:
    """What a teacher says of training rows, each from models that had not learnt from it: ``[n, classes]``, ``[n, 1]``.

    Args:
        members: the models of the teacher.
        lesson_of: the rows as a member sees them; the same rows in the same order for all.
    """
    parts = [member.weight * _held_out(member, lesson_of(member)) for member in members]
    return np.asarray(np.sum(parts, axis=0) / sum(member.weight for member in members))


def _held_out(member: Member, lesson: Lesson) -> NDArray[np.float64]:
    y = np.zeros(len(lesson.y), np.int64) if lesson.task == "regression" else lesson.y
    number = folds(y, FOLDS, lesson.seed)
    # A class of very few rows is taught by its labels alone.
    wide = lesson.y.reshape(-1, 1) if lesson.task == "regression" else np.eye(lesson.classes)[lesson.y]
    found = wide.astype(np.float64)
    for fold in range(FOLDS):
        out = number == fold
        if out.any() and not out.all():
            learnt = learn(member.estimator, replace(lesson, x=lesson.x[~out], y=lesson.y[~out]), member.settings)
            found[out] = answer(learnt, lesson.x[out])
    return found
