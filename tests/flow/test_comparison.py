"""Comparing two runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from toy import swap  # type: ignore[import-not-found]

from volvelle.errors import InputError, NotFound
from volvelle.flow.comparison import compare
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project

Turned = Callable[[Path], Result]


def test_with_itself(finished: Path) -> None:
    """A run against itself: nothing changed, every difference is exactly nothing, and it is called identical."""
    result = find(Project(finished))
    found = compare(result, result)
    assert found.changed == ()
    assert {m.difference for m in found.metrics if m.difference is not None} == {0.0}
    assert {m.better for m in found.metrics} == {"identical"}
    assert found.note == "Both runs predicted the same for every test row."


def test_same_rows_are_paired(own: Path, again: Turned) -> None:
    """Two models on the same test rows are compared with intervals, and the plainly better one is named."""
    good = find(Project(own))
    swap(own, "volvelle.toml", '["constant", "naive_bayes", "logistic", "decision_tree"]', '["constant"]')
    poor = again(own)
    found = compare(good, poor)
    auc = next(m for m in found.metrics if m.metric == "roc_auc")
    assert auc.better == "A"
    assert auc.low is not None
    assert auc.high is not None
    assert auc.difference is not None
    assert auc.low <= auc.difference <= auc.high < 0
    assert "paired" in found.note
    assert {"search.estimators", "estimator"} <= {key for key, _, _ in found.changed}
    assert next(m for m in compare(poor, good).metrics if m.metric == "roc_auc").better == "B"


def test_other_rows_prove_nothing(own: Path, again: Turned) -> None:
    """When the test rows differ there is no interval and no better run, and the note says why."""
    first = find(Project(own))
    swap(own, "volvelle.toml", "seed = 3", "seed = 5")
    found = compare(first, again(own))
    assert all(m.low is None and m.better == "" for m in found.metrics)
    assert "prove nothing" in found.note
    assert ("search.seed", "3", "5") in found.changed


def test_other_targets_are_refused(own: Path, again: Turned) -> None:
    """Runs that predict different targets are not compared."""
    first = find(Project(own))
    swap(own, "volvelle.toml", '"diagnosis"\npositive = "malignant"', '"mean radius"')
    swap(own, "volvelle.toml", "roc_auc >= 0.9", "r2 >= 0")
    swap(own, "volvelle.toml", '"naive_bayes", "logistic", ', "")
    with pytest.raises(InputError, match=r"'diagnosis'.*'mean radius'"):
        compare(first, again(own))


def test_unknown_run(finished: Path) -> None:
    """A run that does not exist is refused with the numbers that do."""
    with pytest.raises(NotFound, match=r"no run 9\n.*runs 1 to 1 exist"):
        find(Project(finished), 9)
