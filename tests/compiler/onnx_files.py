"""ONNX files for tests of the compiler."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def model(
    nodes: list[Any],
    inputs: dict[str, tuple[int, list[Any]]],
    outputs: list[str],
    constants: dict[str, NDArray[Any]] | None = None,
    opset: int = 21,
    ml: int = 3,
    kinds: dict[str, int] | None = None,
) -> bytes:
    """An ONNX file; inputs by name as (type, shape); versions of both domains; types of outputs that are no floats."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(n, (kinds or {}).get(n, TensorProto.FLOAT), None) for n in outputs],
        [numpy_helper.from_array(a, n) for n, a in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def line(width: int = 3) -> bytes:
    """The product of a row with weights, plus a bias."""
    return model(
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"])],
        {"x": (TensorProto.FLOAT, ["N", width])},
        ["y"],
        {"w": np.arange(width * 2, dtype=np.float32).reshape(width, 2), "b": np.array([1, -1], np.float32)},
    )
