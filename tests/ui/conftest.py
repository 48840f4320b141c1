"""Finished runs of the real wheel, small enough for tests of what people see."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from ui_runs import bundled, turned  # type: ignore[import-not-found]

from volvelle.flow.aside import deepen
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse
from volvelle.spec.requirements import Data, Problem

NARROW = """
problem.target = "Survived"
data.source = "{source}"
data.ignore = ["PassengerId", "Name", "Ticket", "Cabin"]
require.gates = ["flash <= 8 KiB", "ram <= 8 B"]
search = {{ trials = 1, estimators = ["logistic"], ensemble = false }}
device = {{ core = "microbit" }}
"""
WHOLE = """
problem.target = "Survived"
data.source = "{source}"
data.ignore = ["PassengerId", "Name", "Ticket", "Cabin"]
require.gates = ["flash <= 64 KiB", "parity <= 1e-5"]
device = {{ core = "cortex-m0" }}
[search]
method = "manual"
ensemble = false
folds = 3
candidates = [{{ estimator = "mlp", settings = {{ units = 64, bits = 8, keep = 0.5 }} }}]
"""


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Breast cancer: passes, fails, proves too little, and asks for what nobody measures yet."""
    found: Result = turned(
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
    return found


@pytest.fixture(scope="session")
def multiclass(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Three sorts of wine."""
    folder = tmp_path_factory.mktemp("multiclass")
    gates = ("accuracy >= 0.60",)
    found: Result = turned(folder, bundled("wine"), estimators=("constant", "naive_bayes"), gates=gates)
    return found


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Progress of diabetes, with sex as a sensitive column."""
    found: Result = turned(
        tmp_path_factory.mktemp("regression"),
        bundled("diabetes", scaled=False),
        estimators=("constant", "linear"),
        data=Data(source="table.csv", sensitive=("sex",)),
        gates=("rmse <= 70", "r2 >= 0.2"),
    )
    return found


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Progress of diabetes, explained deeply: ablation, learning curve and seeds are there."""
    found: Result = turned(
        tmp_path_factory.mktemp("deep"),
        bundled("diabetes", scaled=False),
        estimators=("constant", "linear", "decision_tree"),
        gates=("rmse <= 70",),
    )
    deepen(found, lambda event, facts: None)
    return found


@pytest.fixture(scope="session")
def device(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Result:
    """Titanic on a board whose memory gate is too narrow."""
    return _turned(tmp_path_factory.mktemp("device"), NARROW, real_data)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Result:
    """Titanic as a network in whole numbers, on a core without a floating-point unit."""
    return _turned(tmp_path_factory.mktemp("whole"), WHOLE, real_data)


def _turned(folder: Path, spec: str, real_data: Path) -> Result:
    project = Project(folder)
    asked = parse(spec.format(source=real_data / "tabular" / "titanic.csv.gz"))
    return find(project, turn(project, asked, lambda event, facts: None).run)


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
    found: Result = turned(
        tmp_path_factory.mktemp("hostile"),
        frame,
        estimators=("constant", "naive_bayes"),
        problem=Problem(target="target", name="hostile", statement=markup, intended_use="y" * 900),
        data=Data(source="table.csv", licence="javascript:alert(1)", sensitive=("quo\"te'<b>&amp;",)),
        gates=("accuracy >= 0.1", "accuracy where \"right\u202eto left\" = 'y' >= 0.1"),
        roles={markup: '"><svg onload=alert(1)>'},
        source=f"# {markup}\n",
    )
    return found
