"""The parity bench in a reduced form, and that it can fail."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from volvelle.catalog import ESTIMATORS, STEPS
from volvelle.model.graph import Graph, Value
from volvelle.train.estimators import constant

FILE = Path(__file__).resolve().parents[2] / "bench" / "parity.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("parity_bench", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["logistic", "decision_tree", "lightgbm"])
def test_every_step_before_one_estimator_of_each_view(bench: ModuleType, name: str) -> None:
    """Whatever step runs first, Python and ONNX give the same labels and scores on fuzzed rows."""
    outcomes = list(bench.combinations([name], tasks=["binary"], rows=300))
    assert len(outcomes) == len(STEPS.names())
    assert bench.totals(outcomes)["passed"], [o for o in outcomes if o.label_differences or o.largest_difference > 1e-5]


@pytest.mark.parametrize("name", ESTIMATORS.names())
def test_every_estimator_after_awkward_steps(bench: ModuleType, name: str) -> None:
    """Behind power, rare categories and calendar parts every estimator and task agrees on fuzzed rows."""
    outcomes = list(bench.combinations([name], ["power", "rare_categories", "calendar"], rows=300))
    assert bench.totals(outcomes)["passed"], [o for o in outcomes if o.label_differences or o.largest_difference > 1e-5]


def test_fuzzed_rows_hold_what_they_promise(bench: ModuleType) -> None:
    """The rows asked about contain missing cells, unseen categories, missing times and huge numbers."""
    odd = bench.fuzzed(bench.table(100)[0], 400, 1)
    assert np.isnan(odd["numbers"]).any()
    assert np.nanmax(odd["numbers"]) >= 1e30
    assert {-2, -1} <= set(odd["codes"][:, 0].tolist()) & set(odd["codes"][:, 1].tolist())
    assert (odd["times"] == -(2**63)).any()


def test_a_difference_fails_the_bench(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An estimator whose graph is 1e-4 off makes exit code 1 and is counted in the JSON document."""
    sound = constant.emit

    def off(graph: Graph, x: Value, fitted: np.ndarray) -> Value:
        return sound(graph, x, (fitted + np.float32(1e-4)).astype(np.float32))

    asked = ["--estimator", "constant", "--step", "log1p", "--rows", "20", "--json"]
    assert bench.main(asked) == 0
    capsys.readouterr()
    monkeypatch.setattr(constant, "emit", off)
    assert bench.main(asked) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["passed"] is False
    assert document["combinations"] == 3
    assert document["largest_difference"] == pytest.approx(1e-4, rel=0.01)
