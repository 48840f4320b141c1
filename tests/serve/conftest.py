"""Releases that are served in tests: made by hand where the model does not matter, by a real run where it does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from tests.serve.serving import SPEC, typed


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an ONNX file that says 0, for tests of what comes before a model."""
    folder = tmp_path_factory.mktemp("release")
    node = helper.make_node("Identity", ["zero"], ["prediction"])
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [1, 1], np.zeros(1, dtype=np.float32).tobytes(), raw=True)
    output = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [1, 1])
    graph = helper.make_graph([node], "zero", [], [output], [zero])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return folder


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases of pumps; the second one is the champion."""
    folder = tmp_path_factory.mktemp("pumps")
    rows = [
        f"{k * 37 % 100},{'ns'[k % 2]},2024-03-{k % 28 + 1:02}T10:00:00Z,{'yes' if k * 37 % 100 > 60 else 'no'}"
        for k in range(300)
    ]
    (folder / "pumps.csv").write_text("heat,site,started,fails\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for estimator in ("logistic", "decision_tree"):
        (folder / "volvelle.toml").write_text(SPEC.replace("ESTIMATOR", estimator), encoding="utf-8")
        typed(folder, "run", "--release")
    return folder


@pytest.fixture
def project(released: Path, tmp_path: Path) -> Path:
    """A copy of that project."""
    shutil.copytree(released, tmp_path / "project", ignore=shutil.ignore_patterns("live"))
    return tmp_path / "project"
