"""One metric on one side: value, interval, or the reason why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.catalog import METRICS
from volvelle.errors import NotFound, SpecError
from volvelle.evaluate.contract import Side
from volvelle.evaluate.measure import answers, fitting, measure, value

Y = np.array([0, 0, 1, 1, 1, 0])
P = np.array([0.2, 0.6, 0.7, 0.4, 0.9, 0.1])
SIDE = Side(y=Y, labels=(P > 0.5).astype(np.int64), scores=np.column_stack([1 - P, P]))


def only(chosen: slice, groups: np.ndarray | None = None) -> Side:
    """Some rows of the side above."""
    return Side(y=Y[chosen], labels=SIDE.labels[chosen], scores=SIDE.scores[chosen], groups=groups)


def test_answers_are_what_the_metric_needs() -> None:
    """Labels, scores and values are each handed to the metrics that ask for them."""
    assert answers(METRICS.load("f1"), SIDE) is SIDE.labels
    assert answers(METRICS.load("brier"), SIDE) is SIDE.scores
    values = Side(y=P, labels=np.empty(0, dtype=np.int64), scores=P[:, None])
    assert answers(METRICS.load("mae"), values).shape == (6,)
    assert value("mae", values, "regression") == 0.0


def test_measured_holds_all() -> None:
    """Value, both ends, the rows and the resamples are recorded."""
    found = measure("roc_auc", SIDE, "binary", resamples=250)
    assert found.value == pytest.approx(8 / 9)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 8 / 9 <= found.high
    assert (found.rows, found.resamples, found.sampled) == (6, 250, True)


@pytest.mark.parametrize(
    ("side", "name", "words"),
    [
        (only(slice(0, 0)), "accuracy", "there are no rows"),
        (only(slice(0, 2)), "roc_auc", "not defined on these 2 rows"),
        (only(slice(0, 1)), "accuracy", "1 rows cannot show"),
        (only(slice(0, 6), np.zeros(6, dtype=np.int64)), "f1", "1 groups cannot show"),
    ],
)
def test_what_is_missing_is_said(side: Side, name: str, words: str) -> None:
    """Without rows, without a definition, or without anything that varies, the note says so."""
    found = measure(name, side, "binary")
    assert words in found.note
    assert found.low is None
    assert found.sampled


def test_names_are_checked() -> None:
    """Unknown metrics and those of another task are refused with a next move."""
    assert "rmse" not in fitting("binary")
    with pytest.raises(NotFound, match="no metric is called 'recal'"):
        value("recal", SIDE, "binary")
    with pytest.raises(SpecError, match="specificity does not fit a multiclass task"):
        value("specificity", SIDE, "multiclass")


def test_three_classes_of_which_two_occur_are_averaged() -> None:
    """The width of the scores, not the labels that happen to occur, says that a task is multiclass."""
    three = Side(y=np.array([0, 0, 1, 1]), labels=np.array([0, 0, 0, 1]), scores=np.eye(3)[[0, 0, 0, 1]])
    assert value("recall", three, "multiclass") == 0.75
