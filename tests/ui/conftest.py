"""Finished runs of the real wheel, small enough for tests of what people see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn import datasets

from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Require, Search, Spec

Turned = Callable[..., Result]


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
    project = Project(folder)
    number = turn(project, spec, lambda event, facts: None, source=parts.get("source", "")).run
    return find(project, number)


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Breast cancer: passes, fails, proves too little, and asks for what nobody measures yet."""
    return turned(
        tmp_path_factory.mktemp("binary"),
        bundled("breast_cancer"),
        estimators=("constant", "logistic", "decision_tree"),
        problem=Problem(
            target="target",
            name="breast-cancer",
            positive="malignant",
            statement="Tell malignant from benign cells, measured on a needle's sample",
            intended_use="A second opinion for the pathologist, who decides",
            out_of_scope="Screening without a pathologist",
        ),
        data=Data(source="table.csv", licence="CC BY 4.0", consent="published by UCI for research"),
        gates=("recall >= 0.80", "precision >= 0.99", "roc_auc >= 0.5", "model_size <= 1 KiB", "flash <= 64 KiB"),
        roles={"ml_engineer": "ana@example.com", "pathologist": "li@example.com"},
        source='[problem]\ntarget = "target"\n',
    )


@pytest.fixture(scope="session")
def multiclass(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Three sorts of wine."""
    folder = tmp_path_factory.mktemp("multiclass")
    gates = ("accuracy >= 0.60",)
    return turned(folder, bundled("wine"), estimators=("constant", "naive_bayes"), gates=gates)


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Progress of diabetes, with sex as a sensitive column."""
    return turned(
        tmp_path_factory.mktemp("regression"),
        bundled("diabetes", scaled=False),
        estimators=("constant", "linear"),
        data=Data(source="table.csv", sensitive=("sex",)),
        gates=("rmse <= 70", "r2 >= 0.2"),
    )


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Markup, formulas, line breaks and very long words wherever a user can write."""
    markup = "<script>alert(1)</script>"
    frame = pl.DataFrame(
        {
            markup: [float(k % 7) for k in range(80)],
            "x" * 500: [float((k * 3) % 11) for k in range(80)],
            "quo\"te'<b>&amp;": [("a", "<img src=x onerror=alert(1)>", "c")[k % 3] for k in range(80)],
            "=1+1": [float(k) for k in range(80)],
            "right\u202eto left": [("y", "n")[k % 2] for k in range(80)],
            "{{7*7}}": [float(k % 5) for k in range(80)],
            "target": ["</style><script>alert(2)</script>" if k % 2 else "w" * 300 for k in range(80)],
        }
    )
    return turned(
        tmp_path_factory.mktemp("hostile"),
        frame,
        estimators=("constant", "naive_bayes"),
        problem=Problem(target="target", name="hostile", statement=markup, intended_use="y" * 900),
        data=Data(source="table.csv", licence="javascript:alert(1)", sensitive=("quo\"te'<b>&amp;",)),
        gates=("accuracy >= 0.1", "accuracy where \"right\u202eto left\" = 'y' >= 0.1"),
        roles={markup: '"><svg onload=alert(1)>'},
        source=f"# {markup}\n",
    )
