"""Features of two columns in a whole run: bought by the search where they are better, or listed by the spec."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from volvelle.flow.reproduce import reproduce
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.flow.why import stored_row, why
from volvelle.spec.requirements import Data, PrepareSpec, Problem, Search, Spec

CAUSES = ("UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF")


def turned(folder: Path, prepare: PrepareSpec, trials: int) -> Result:
    project = Project(folder)
    spec = Spec(
        problem=Problem(target="Machine failure", positive="1"),
        data=Data(source="ai4i2020.csv.gz", ignore=CAUSES),
        prepare=prepare,
        search=Search(trials=trials, folds=2, estimators=("logistic",), ensemble=False),
    )
    return find(project, turn(project, spec, lambda event, facts: None).run)


@pytest.fixture(scope="module")
def machines(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the milling machines."""
    folder = tmp_path_factory.mktemp("machines")
    shutil.copy(real_data / "tabular" / "ai4i2020.csv.gz", folder)
    return folder


def test_the_search_buys_what_is_better(machines: Path) -> None:
    """A machine fails by power and by the gap of two temperatures: with pairs the same learner is clearly better."""
    result = turned(machines, PrepareSpec(), trials=4)
    scores = {t.settings["pairs"]: t.score or 0.0 for t in reversed(result.searched.trials)}
    assert scores[True] > scores[False] + 0.02
    assert result.candidate.settings["pairs"] is True
    assert result.model.label_differences == 0
    assert list(result.model.recipes) == ["dense with pairs"]
    assert any("Air temperature [K] - Process temperature [K]" in name for name in result.model.feature_names)
    (told,) = why(result, stored_row(result, 5))
    assert told.answer == pytest.approx(told.base + sum(p.amount for p in told.parts) + told.remainder)
    assert all(compared.same for compared in reproduce(result, lambda event, facts: None)[0])


def test_listed_pairs_are_in_every_candidate(machines: Path) -> None:
    """What the spec lists is neither searched for nor a setting, and stands in the graph by its name."""
    result = turned(machines, PrepareSpec(pairs=("Torque [Nm] * Rotational speed [rpm]",)), trials=1)
    assert "pairs" not in result.candidate.settings
    assert list(result.model.recipes) == ["dense"]
    assert [n for n in result.model.feature_names if " * " in n] == ["Torque [Nm] * Rotational speed [rpm]"]
