"""Dropping rows by the spec's choice touches the training side alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from volvelle.data.versions import from_bytes
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, FeatureSpec, PrepareSpec, Problem, Search, Spec


def turned(folder: Path, prepare: PrepareSpec, features: dict[str, FeatureSpec]) -> Result:
    project = Project(folder)
    spec = Spec(
        problem=Problem(target="class", positive="1"),
        data=Data(source="mammography.csv.gz"),
        features=features,
        prepare=prepare,
        search=Search(trials=1, folds=2, estimators=("constant",)),
    )
    return find(project, turn(project, spec, lambda event, facts: None).run)


def test_only_training_rows_are_dropped_and_counted(real_data: Path, tmp_path: Path) -> None:
    """Of the thousands of equal mammograms those on the training side go, with the invalid; the test side stays."""
    shutil.copy(real_data / "tabular" / "mammography.csv.gz", tmp_path)
    declared = {"area": FeatureSpec(high=5.0)}
    plain = turned(tmp_path, PrepareSpec(), {}).split
    assert plain.duplicates > 3000
    result = turned(tmp_path, PrepareSpec(drop=("duplicates", "invalid")), declared)
    split = result.split
    assert (plain.dropped_duplicates, plain.dropped_invalid) == (0, 0)
    assert split.test == plain.test
    assert split.dropped_duplicates > 2000
    assert split.dropped_invalid > 0
    assert split.rows_train == plain.rows_train - split.dropped_duplicates - split.dropped_invalid
    train = from_bytes(result.project.store.get(split.train))
    assert not train.is_duplicated().any()
    assert not (train["area"] > 5.0).any()
    whole = from_bytes(result.project.store.get(result.model.dataset))
    places = from_bytes(result.project.store.get(split.rows))["row"]
    assert whole[places].equals(train)
    assert f"{split.dropped_duplicates} that equal an earlier one" in split.note
