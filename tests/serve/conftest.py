"""Releases that are served in tests: made by hand where the model does not matter, by a real run where it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper


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
