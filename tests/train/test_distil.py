"""Students: what they are told of each row, and that nothing is told that they must not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from volvelle.train.contract import Lesson, defaults
from volvelle.train.distil import COPIES, SHARE, said, taught, teacher_of
from volvelle.train.estimators import decision_tree, nearest_neighbours
from volvelle.train.learning import TEACHER
from volvelle.train.records import Member


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(2, 5), st.integers(0, 999))
def test_labels_of_copies_stand_in_the_shares_that_are_told(rows: int, classes: int, seed: int) -> None:
    """Of every row and class the copies are as many as its share asks for, up to one, and the rows stay in order."""
    random = np.random.default_rng(seed)
    scores, y = random.dirichlet(np.ones(classes), rows), random.integers(0, classes, rows)
    x = np.arange(rows, dtype=np.float32).reshape(-1, 1)
    found = taught(Lesson(x, y, "multiclass", classes, seed=seed), scores)
    assert found.x[:, 0].tolist() == np.repeat(np.arange(rows), COPIES).tolist()
    counts = np.stack([np.bincount(part, minlength=classes) for part in found.y.reshape(rows, COPIES)])
    wanted = COPIES * (SHARE * scores + (1 - SHARE) * np.eye(classes)[y])
    assert (np.abs(counts - wanted) < 1 + 1e-9).all()


def test_over_many_rows_the_shares_are_met() -> None:
    """The mean of the labels is that of what is told."""
    random = np.random.default_rng(4)
    scores = random.dirichlet((1, 2, 5), 6000)
    y = random.integers(0, 3, 6000)
    found = taught(Lesson(np.zeros((6000, 1), np.float32), y, "multiclass", 3), scores)
    wanted = SHARE * scores.mean(axis=0) + (1 - SHARE) * np.bincount(y) / 6000
    assert np.abs(np.bincount(found.y) / len(found.y) - wanted).max() < 0.005


def test_a_teacher_has_not_learnt_from_the_row_it_speaks_of() -> None:
    """One nearest neighbour, which knows its own rows by heart, says the same of a row whatever its value is."""
    random = np.random.default_rng(2)
    x = random.normal(size=(60, 2)).astype(np.float32)
    lesson = Lesson(x, random.normal(size=60), "regression", 0, seed=3)
    one = Member(estimator="nearest_neighbours", settings={"neighbours": 1, "weights": "equal"}, weight=1.0)

    def told(y: NDArray[np.float64]) -> NDArray[np.float64]:
        return said([one], lambda member: replace(lesson, y=y))[:, 0]

    before, heard = told(lesson.y), 0
    assert (before != lesson.y).all()
    for row in range(0, 60, 7):
        after = told(np.where(np.arange(60) == row, 99.0, lesson.y))
        assert after[row] == before[row]
        heard += int((after == 99.0).sum())
    assert heard, "other rows hear of it"


def test_a_noisy_table_is_better_learnt_from_a_teacher() -> None:
    """A tree of few leaves errs less on rows it has not seen where neighbours have told it what noise hides."""
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, size=(900, 2)).astype(np.float32)
    p = 1 / (1 + np.exp(-4 * (x[:, 0] + x[:, 1])))
    y = (random.random(900) < p).astype(np.int64)
    lesson = Lesson(x[:300], y[:300], "binary", 2, seed=1)
    whole = defaults(decision_tree.SPACE) | {"leaves": 16, "min_leaf": 5, "pruning": 1e-6}
    one = Member(
        estimator="nearest_neighbours",
        settings=defaults(nearest_neighbours.SPACE) | {"neighbours": 30},
        weight=1.0,
    )
    student = taught(lesson, said([one], lambda member: lesson))
    off = [
        np.abs(decision_tree.predict(decision_tree.fit(known, whole), x[300:])[:, 1] - p[300:]).mean()
        for known in (lesson, student)
    ]
    assert off[1] < 0.92 * off[0]


def test_a_teacher_is_read_from_settings() -> None:
    """Members come back as they were written, and other candidates have none."""
    one = {"estimator": "linear", "settings": {"strength": 1.0}, "weight": 0.5}
    (member,) = teacher_of({"leaves": 3, TEACHER: [one]})
    assert (member.estimator, member.settings, member.weight) == ("linear", {"strength": 1.0}, 0.5)
    assert teacher_of({"leaves": 3}) == ()
