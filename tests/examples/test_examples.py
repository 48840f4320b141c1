"""The examples are run for real, on the real tables, with a search cut to a few trials."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from volvelle.compiler.device import asked, device
from volvelle.compiler.prove import compiled, prove
from volvelle.data.versions import from_bytes
from volvelle.evaluate.budget import budget
from volvelle.evaluate.records import Evidence
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.model.encode import encode
from volvelle.spec.gates import parse as gate
from volvelle.spec.read import parse, read
from volvelle.ui.report import MOST_BYTES, render

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DOCS = EXAMPLES.parent / "docs"
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
    "sms_spam": ("logistic", "pr_auc", 0.90, 1.0),
    "electricity": ("lightgbm", "accuracy", 0.85, 1.0),
    "digits": ("rbf_svm", "accuracy", 0.95, 1.0),
    "breast_cancer": ("logistic", "roc_auc", 0.95, 1.0),
}
"""Example to one estimator that does well, a metric, and where it must lie after two trials of that estimator."""
CORES = ("cortex-m4f", "cortex-m0", "rv32imac")
"""One core for each example in turn; bench/examples_device.py runs every example on all of them."""
OWN = ("digits", "breast_cancer")
"""Examples whose table comes with a library."""


@pytest.fixture(scope="module")
def results() -> ModuleType:
    """The script that runs the examples and writes the table of docs/results.md."""
    spec = importlib.util.spec_from_file_location("results_bench", EXAMPLES.parent / "bench" / "results.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    assert name in (DOCS / "results.md").read_text(encoding="utf-8")
    assert name in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_the_device_of_an_example_is_sound_and_documented(name: str) -> None:
    """The device beside each spec can be put behind it, has memory that bounds, and what came out is told."""
    texts = [(EXAMPLES / name / file).read_text(encoding="utf-8") for file in ("volvelle.toml", "device.toml")]
    spec = parse("\n".join(texts))
    assert spec.device is not None
    limits = budget(asked(spec.device), [gate(text) for text in spec.require.gates]).limits
    assert {limit.name for limit in limits} == {"flash", "ram"}
    assert f"| {name} | {spec.device.core}, {spec.device.flash}, {spec.device.ram} |" in (
        DOCS / "device_results.md"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_example_reaches_its_floor(
    name: str, tmp_path: Path, results: ModuleType, request: pytest.FixtureRequest
) -> None:
    """The spec runs on the real table, and one good estimator reaches what is known of that table."""
    estimator, metric, low, high = FLOORS[name]
    text = (EXAMPLES / name / "volvelle.toml").read_text(encoding="utf-8")
    quick = f'[search]\ntrials = 2\nfolds = 2\nestimators = ["constant", "{estimator}"]\n'
    text = re.sub(r'\[search\]\nbudget *= ".*"\n', quick, text)
    assert quick in text
    spec = parse(text)
    results.provide(EXAMPLES / name, tmp_path, None if name in OWN else request.getfixturevalue("real_data"))
    project = Project(tmp_path)
    finished = turn(project, spec, lambda event, facts: None, source=text)
    result = find(project, finished.run)
    evidence = result.evidence
    assert evidence.estimator == estimator
    assert low <= value(evidence, metric) <= high
    assert evidence.beats_baseline
    assert "not measured" not in {verdict.verdict for verdict in evidence.verdicts}
    assert_told(results.row(name, result), evidence)
    assert len(render(result).encode()) < MOST_BYTES
    for column in spec.data.sensitive:
        assert any(m.slice.startswith(f"{column} ") for m in evidence.metrics)
    assert_same_on_a_core(result, CORES[sorted(FLOORS).index(name) % len(CORES)])


def assert_same_on_a_core(result: Result, core: str) -> None:
    """Preparation and model in C give onnxruntime's label on every test row, and on all that the core has time for."""
    rows = from_bytes(result.project.store.get(result.scored.rows))
    inputs = encode(rows, result.model.signature)
    found = prove(result.onnx, compiled(result.onnx, "m", rows=inputs), device(core), inputs)
    assert found.agrees(), found.parity
    assert {p.where: p.rows for p in found.parity}["host"] >= rows.height


def assert_told(row: dict[str, str], evidence: Evidence) -> None:
    """The row of the published table says what was measured."""
    assert row["rows"] == f"{evidence.rows_train:,} / {evidence.rows_test:,}"
    assert row["gates"].startswith(f"{sum(v.verdict == 'pass' for v in evidence.verdicts)} of ")
    assert re.fullmatch(r"(\S.* [\d.,]+ \[[\d.,]+, [\d.,]+\](, )?){1,2}", row["test"])


def value(evidence: Evidence, metric: str) -> float:
    """A metric of all test rows."""
    found = next(m.value for m in evidence.metrics if (m.metric, m.side, m.slice) == (metric, "test", ""))
    assert found is not None
    return found
