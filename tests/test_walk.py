"""The walk: one row goes through every room, from the text of a table to an answer of the released model.

It runs before all other tests and takes seconds. ``docs/map.md`` tells the same way in words.
"""

from __future__ import annotations

import polars as pl
import pytest

from volvelle.flow import registry
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.model.predictor import Predictor
from volvelle.prepare import recipe as preparing
from volvelle.spec.read import read
from volvelle.ui import terminal

SPEC = """\
[problem]
name     = "walk"
target   = "fails"
positive = "yes"

[data]
source = "pumps.csv"

[require]
gates = ["roc_auc >= 0.7", "recall where site = 'north' >= 0.5", "model_size <= 1 MiB"]

[search]
trials     = 2
folds      = 2
estimators = ["constant", "logistic"]
"""
SITES = ("north", "south", "?")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A small table of pumps, turned once: hot pumps fail, some readings are missing."""
    folder = tmp_path_factory.mktemp("walk")
    rows = ["heat;site;stamp;fails"]
    for k in range(240):
        heat = "" if k % 17 == 0 else f"{(k * 37 % 100) / 2:.1f}".replace(".", ",")
        fails = "yes" if k * 37 % 100 > 60 or k % 29 == 0 else "no"
        rows.append(f"{heat};{SITES[k % 3]};2024-03-{k % 28 + 1:02d};{fails}")
    (folder / "pumps.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    project = Project(folder)
    spec = read(folder / "volvelle.toml")
    return find(project, turn(project, spec, lambda event, facts: None, source=SPEC).run)


def test_spec_and_data(walked: Result) -> None:
    """The spec is read, and the table is sniffed, typed, freed of markers and pinned by its hash."""
    kinds = {column.name: column.kind for column in walked.dataset.columns}
    assert kinds == {"heat": "number", "site": "category", "stamp": "time", "fails": "category"}
    assert walked.dataset.layout.delimiter == ";"
    assert walked.dataset.layout.decimal == ","
    assert {c.name: c.missing for c in walked.dataset.columns}["site"] == 80
    assert walked.project.store.has(walked.dataset.version)
    assert walked.profile.rows == 240


def test_prepare_and_model(walked: Result) -> None:
    """A share of the rows is sealed, and the steps that prepare the rest are written into the graph."""
    assert walked.split.rows_train + walked.split.rows_test + walked.split.left_out == 240
    assert walked.model.signature.classes == ("no", "yes")
    assert any(name.startswith("site") for name in walked.model.feature_names)
    recipe = walked.project.store.get_record(walked.model.recipe, preparing.Recipe)
    assert preparing.feature_names(recipe) == walked.model.feature_names


def test_train_and_evaluate(walked: Result) -> None:
    """Two candidates were tried, the better one shipped unchanged, and every gate got a verdict."""
    assert [trial.status for trial in walked.searched.trials] == ["done", "done"]
    assert walked.candidate.estimator == "logistic"
    assert walked.model.label_differences == 0
    assert walked.model.parity <= 1e-5
    assert walked.evidence.openings == 1
    assert {v.gate: v.verdict for v in walked.evidence.verdicts}["model_size <= 1 MiB"] == "pass"
    assert all(v.verdict in ("pass", "fail", "not proven") for v in walked.evidence.verdicts)


def test_deploy_and_predict(walked: Result) -> None:
    """The release holds the row's way as files with hashes, and its model answers a row it never saw."""
    made, folder, new = registry.release(walked, b"<!doctype html>", by="ana", accept_unproven="ana: a walk")
    assert new
    assert set(made.files) < {path.name for path in folder.iterdir()}
    row = pl.DataFrame({"heat": [49.0], "site": ["north"], "stamp": [None]}, schema_overrides={"stamp": pl.String})
    answer = Predictor((folder / "model.onnx").read_bytes(), registry.signature_of(folder)).predict(row)
    assert answer["prediction"][0] == "yes"
    assert registry.champion_model(walked.project)[0].predict(row).equals(answer)


def test_people_see_it(walked: Result) -> None:
    """The terminal shows the board of requirements and the leaderboard."""
    assert "roc_auc >= 0.7" in terminal.board(walked.evidence, walked.spec)
    assert "logistic" in terminal.leaderboard(walked.searched)
