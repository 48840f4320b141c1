"""The examples are run for real, on the real tables, with a search cut to a few trials."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from volvelle.evaluate.records import Evidence
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse, read

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FLOORS = {
    "adult": ("lightgbm", "roc_auc", 0.90, 1.0),
    "ai4i2020": ("lightgbm", "pr_auc", 0.60, 1.0),
    "california_housing": ("lightgbm", "r2", 0.78, 1.0),
    "wine_quality": ("random_forest", "mae", 0.0, 0.62),
    "bank_marketing": ("lightgbm", "roc_auc", 0.76, 0.84),
    "telco_churn": ("logistic", "roc_auc", 0.82, 1.0),
    "mammography": ("lightgbm", "pr_auc", 0.40, 1.0),
    "titanic": ("lightgbm", "roc_auc", 0.78, 1.0),
    "bike_sharing": ("lightgbm", "r2", 0.80, 1.0),
    "ames_housing": ("lightgbm", "mape", 0.0, 0.12),
    "diamonds": ("lightgbm", "rmse", 0.0, 650.0),
    "cmapss": ("lightgbm", "rmse", 0.0, 22.0),
    "electricity": ("lightgbm", "accuracy", 0.85, 1.0),
    "digits": ("rbf_svm", "accuracy", 0.95, 1.0),
    "breast_cancer": ("logistic", "roc_auc", 0.95, 1.0),
}
"""Example to one estimator that does well, a metric, and where it must lie after two trials of that estimator."""
RAW = ("tabular", "regression", "timeseries", "drift", "text")


def test_every_example_is_run() -> None:
    """No folder of the examples is without a test."""
    assert {path.parent.name for path in EXAMPLES.glob("*/volvelle.toml")} == set(FLOORS)


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_example_is_sound_and_documented(name: str) -> None:
    """Each spec is sound as it stands, says what it is for, and has gates."""
    spec = read(EXAMPLES / name / "volvelle.toml")
    assert spec.problem.statement
    assert spec.problem.intended_use
    assert spec.problem.out_of_scope
    assert spec.data.licence
    assert len(spec.require.gates) >= 3
    assert name in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_example_reaches_its_floor(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The spec runs on the real table, and one good estimator reaches what is known of that table."""
    estimator, metric, low, high = FLOORS[name]
    text = (EXAMPLES / name / "volvelle.toml").read_text(encoding="utf-8")
    quick = f'[search]\ntrials = 2\nfolds = 2\nestimators = ["constant", "{estimator}"]\n'
    text = re.sub(r'\[search\]\nbudget *= ".*"\n', quick, text)
    assert quick in text
    spec = parse(text)
    provide(EXAMPLES / name, tmp_path, request)
    project = Project(tmp_path)
    finished = turn(project, spec, lambda event, facts: None, source=text)
    evidence = find(project, finished.run).evidence
    assert evidence.estimator == estimator
    assert low <= value(evidence, metric) <= high
    assert evidence.beats_baseline
    assert "not measured" not in {verdict.verdict for verdict in evidence.verdicts}
    for column in spec.data.sensitive:
        assert any(m.slice.startswith(f"{column} = ") for m in evidence.metrics)


def provide(example: Path, place: Path, request: pytest.FixtureRequest) -> None:
    """Lay the data of an example beside its spec: the published files, and what its script makes of them."""
    (place / "data").mkdir()
    script = example / "make_data.py"
    if not script.exists() or "import polars" in script.read_text(encoding="utf-8"):
        data: Path = request.getfixturevalue("real_data")
        for file in (file for folder in RAW for file in (data / folder).iterdir()):
            (place / "data" / file.name).symlink_to(file)
    if script.exists():
        here = place / script.name
        here.write_bytes(script.read_bytes())
        subprocess.run([sys.executable, here], check=True)


def value(evidence: Evidence, metric: str) -> float:
    """A metric of all test rows."""
    found = next(m.value for m in evidence.metrics if (m.metric, m.side, m.slice) == (metric, "test", ""))
    assert found is not None
    return found
