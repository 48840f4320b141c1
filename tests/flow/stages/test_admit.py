"""Requirements that the data cannot answer are refused before anything is searched."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from volvelle.data.collect import collect
from volvelle.errors import SpecError
from volvelle.flow.draft import look
from volvelle.flow.stages.admit import answerable
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Require, Search, Spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small table with a class, a number and a category."""
    frame = pl.DataFrame({"x": list(range(40)), "c": ["a", "b"] * 20, "y": ["yes", "no", "no", "no"] * 10})
    frame.write_csv(tmp_path / "t.csv")
    return tmp_path


def spec(*gates: str, metric: str | None = None) -> Spec:
    """A spec with these gates."""
    search = Search(metric=metric, trials=1, estimators=("constant",))
    return Spec(problem=Problem(target="y"), data=Data(source="t.csv"), require=Require(gates=gates), search=search)


WRONG = {
    "r2 >= 0.5": "does not fit a binary task",
    "recall where nosuch = 1 >= 0.5": "no column is called 'nosuch'",
    "recall where x = 'a' >= 0.5": "x",
    "recall where c = 'q' >= 0.5": "no row has 'q'",
    "recall where c in ('a', 'q') >= 0.5": "no row has 'q'",
}


@pytest.mark.parametrize("gate", WRONG)
def test_a_gate_that_cannot_be_answered_is_refused(folder: Path, gate: str) -> None:
    """The error names the gate's key, and `check --data` gives the same one."""
    wanted = spec("accuracy >= 0.1", gate)
    frame, dataset = collect(wanted.data, {}, folder)
    with pytest.raises(SpecError) as caught:
        answerable(wanted, dataset, frame.head(0))
    assert caught.value.where == "require.gates[1]"
    assert WRONG[gate] in caught.value.problem
    with pytest.raises(SpecError) as looked:
        look(wanted, folder)
    assert looked.value.problem == caught.value.problem


def test_nothing_is_searched_or_opened(folder: Path) -> None:
    """The turn ends before split and search, so the sealed side was never opened."""
    project = Project(folder)
    with pytest.raises(SpecError, match="nosuch"):
        turn(project, spec("recall where nosuch = 1 >= 0.5"), lambda event, facts: None)
    assert [step.stage for step in project.ledger.steps(1)] == ["collect"]


def test_a_search_metric_of_another_task_is_refused(folder: Path) -> None:
    """Those that fit are named."""
    wanted = spec(metric="rmse")
    frame, dataset = collect(wanted.data, {}, folder)
    with pytest.raises(SpecError, match="no metric of a binary target") as caught:
        answerable(wanted, dataset, frame.head(0))
    assert "roc_auc" in caught.value.next_move


def test_changing_a_floor_does_not_search_again(folder: Path) -> None:
    """Only admission, choice, threshold, judgement and explanation look at the gates; far inside both, none moves."""
    project = Project(folder)
    turn(project, spec("accuracy >= 0.1"), lambda event, facts: None)
    second = turn(project, spec("accuracy >= 0.2"), lambda event, facts: None)
    looking = {"admit", "choose", "tune", "judge", "explain"}
    assert {"admit", "judge", "explain"} <= {row.name for row in second.stages if not row.reused} <= looking
