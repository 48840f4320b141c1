"""Builders of finished runs: the real wheel on small tables."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
from sklearn import datasets

from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Require, Search, Spec


def bundled(name: str, **options: Any) -> pl.DataFrame:
    """One of scikit-learn's tables with its target as the last column."""
    bunch = getattr(datasets, f"load_{name}")(**options)
    frame = pl.DataFrame(bunch.data, schema=[str(n) for n in bunch.feature_names])
    target = bunch.target
    names = getattr(bunch, "target_names", None)
    return frame.with_columns(target=pl.Series([str(names[t]) for t in target] if names is not None else target))


def turned(folder: Path, frame: pl.DataFrame, *, estimators: tuple[str, ...], trials: int = 4, **parts: Any) -> Result:
    """Write a table, turn the wheel over it, and read the run back."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_csv(folder / "table.csv")
    spec = Spec(
        problem=parts.get("problem", Problem(target="target", name="small")),
        data=parts.get("data", Data(source="table.csv")),
        require=Require(gates=parts.get("gates", ())),
        search=Search(budget="60 s", trials=trials, estimators=estimators, folds=2),
        roles=parts.get("roles", {}),
    )
    return run(folder, spec, parts.get("source", ""))


def turned_file(folder: Path, file: Path, problem: Problem, data: Data) -> Result:
    """Copy a file, turn the wheel over it with the cheapest estimators, and read the run back."""
    shutil.copy(file, folder / data.source)
    search = Search(budget="60 s", trials=2, estimators=("constant", "naive_bayes"), folds=2)
    return run(folder, Spec(problem=problem, data=data, search=search))


def run(folder: Path, spec: Spec, source: str = "") -> Result:
    """One turn of the wheel."""
    project = Project(folder)
    return find(project, turn(project, spec, lambda event, facts: None, source=source).run)
