"""Sides: recoding so that class 1 is the positive one."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.catalog import METRICS
from volvelle.errors import ContractBroken
from volvelle.evaluate.counts import confusion
from volvelle.evaluate.sides import class_names, constant, part, side
from volvelle.model.signature import Signature

YES_FIRST = Signature(features=(), target="t", task="binary", classes=("abnormal", "normal"), positive=0)
THREE = Signature(features=(), target="t", task="multiclass", classes=("a", "b", "c"))
NUMBER = Signature(features=(), target="t", task="regression")
SCORES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])


def test_positive_first_is_turned_round() -> None:
    """With the positive class at position 0, recall is about that class and its score is column 1."""
    found = side(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), SCORES, YES_FIRST)
    assert found.y.tolist() == [1, 1, 0, 0]
    assert found.labels.tolist() == [1, 0, 0, 0]
    assert found.scores[:, 1].tolist() == [0.9, 0.4, 0.2, 0.3]
    assert METRICS.load("recall").score(found.y, found.labels) == 0.5
    assert METRICS.load("roc_auc").score(found.y, found.scores) == 1.0
    assert class_names(YES_FIRST) == ("normal", "abnormal")
    assert confusion(found.y, found.labels).tolist() == [[2, 0], [1, 1]]


def test_other_tasks_keep_their_order() -> None:
    """Multiclass positions and regression values stay as they are; values may come flat."""
    scores = np.eye(3)[[0, 2, 1]]
    found = side(np.array([0, 2, 1]), np.array([0, 2, 2]), scores, THREE)
    assert found.y.tolist() == [0, 2, 1]
    assert np.array_equal(found.scores, scores)
    values = side(np.array([1.0, 2.0]), np.empty(0), np.array([1.5, 2.5], dtype=np.float32), NUMBER)
    assert values.scores.shape == (2, 1)
    assert values.scores.dtype == np.float64


def test_constant_answers_follow_the_order() -> None:
    """The baseline's shares are recoded like the scores, and its label is the most frequent class."""
    like = side(np.array([0, 1, 1]), np.array([0, 1, 1]), SCORES[:3], YES_FIRST)
    answer = constant((0.25, 0.75), like, YES_FIRST)
    assert answer.scores.tolist() == [[0.75, 0.25]] * 3
    assert answer.labels.tolist() == [0, 0, 0]
    flat = constant((4.5,), side(np.zeros(2), np.empty(0), np.ones(2), NUMBER), NUMBER)
    assert flat.scores.tolist() == [[4.5], [4.5]]


def test_part_keeps_rows_together() -> None:
    """A part takes the same rows of truth, labels, scores and groups."""
    whole = side(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), SCORES, YES_FIRST, np.array([5, 5, 6, 7]))
    found = part(whole, np.array([False, True, False, True]))
    assert found.y.tolist() == [1, 0]
    assert found.labels.tolist() == [0, 0]
    assert found.scores[:, 1].tolist() == [0.4, 0.3]
    assert found.groups is not None
    assert found.groups.tolist() == [5, 7]


def test_lengths_must_agree() -> None:
    """Scores of another width or length are a broken contract, not a wrong number."""
    with pytest.raises(ContractBroken, match="scores"):
        side(np.array([0, 1]), np.array([0, 1]), np.ones((2, 3)), YES_FIRST)
    with pytest.raises(ContractBroken, match="2 true rows"):
        side(np.zeros(2), np.empty(0), np.ones(3), NUMBER)
