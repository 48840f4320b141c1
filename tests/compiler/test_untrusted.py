"""ONNX files that were damaged, or made to do harm."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from onnx import ModelProto, NodeProto, TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]

from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled
from volvelle.errors import ModelError

X = {"x": (TensorProto.FLOAT, ["N", 3])}
node = helper.make_node


def convolution() -> bytes:
    """A small network with most kinds of attributes."""
    weights = {
        "w": np.ones((4, 1, 3, 3), np.float32),
        "s": np.float32(0.1),
        "z": np.int8(3),
        "v": np.ones((16, 2), np.float32),
        "a": np.array([-1, 16]),
    }
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("QuantizeLinear", ["c", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("Reshape", ["d", "a"], ["r"]),
        node("MatMul", ["r", "v"], ["m"]),
        node("Softmax", ["m"], ["y"], axis=-1),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, 4, 4])}, ["y"], weights))


def tree() -> bytes:
    """One tree."""
    attributes: dict[str, Any] = {
        "nodes_treeids": [0] * 3,
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [1, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_values": [0.1, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "target_treeids": [0, 0],
        "target_nodeids": [1, 2],
        "target_ids": [0, 0],
        "target_weights": [1.0, 2.0],
        "n_targets": 1,
    }
    return bytes(model([node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **attributes)], X, ["y"]))


MODELS = [line(), convolution(), tree()]
CHANGE = st.tuples(st.integers(0, 10_000), st.integers(0, 255))
MORE = int(os.environ.get("VOLVELLE_EXAMPLES", "150"))
SEED = int(os.environ.get("VOLVELLE_SEED", "0"))
"""Of what is damaged; a nightly run sets the date, all others damage the same."""


@seed(SEED)
@settings(max_examples=MORE, deadline=None, derandomize=not SEED, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(MODELS), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4)
)
def test_changed_bytes_compile_or_are_refused(content: bytes, changes: list[tuple[int, int]]) -> None:
    """Whatever bytes of a model are changed, it compiles or ends in a ModelError; nothing else comes out."""
    damaged = bytearray(content)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    try:
        compiled(bytes(damaged))
    except ModelError:
        return


@seed(SEED)
@settings(max_examples=MORE // 5, deadline=None, derandomize=not SEED)
@given(st.sampled_from(MODELS), st.integers(0, 10_000))
def test_a_file_that_ends_early_compiles_or_is_refused(content: bytes, length: int) -> None:
    """A download that broke off is never worse than a ModelError."""
    try:
        compiled(content[: length % len(content)])
    except ModelError:
        return


HOSTILE = [
    "*/ int main(void) { return 1; } /*",
    '"; system("x"); "',
    "a\nb",
    "int",
    "i",
    "pool_float",
    "x[0]",
    "名前",
    "\\",
    "int8_t",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    """Names with comment ends, quotes, new lines and words of C give C that compiles and answers right."""
    kind = {name: (TensorProto.FLOAT, ["N", 3])}
    content = model([node("Relu", [name], [f"{name} out"], name=name)], kind, [f"{name} out"])
    made = compiled(content, name)
    assert Host(made.sources).run([np.array([[1, -1, 2]], np.float32)])[0].tolist() == [[1, 0, 2]]


def huge(dims: list[int]) -> bytes:
    """A constant that claims a shape and holds nothing."""
    whole = ModelProto()
    whole.ParseFromString(line())
    del whole.graph.initializer[0].dims[:]
    whole.graph.initializer[0].dims.extend(dims)
    whole.graph.initializer[0].raw_data = b""
    return bytes(whole.SerializeToString())


def shaped(op: str, shape: list[int], **attributes: Any) -> bytes:
    """An operator that makes a value of a shape that a constant tells."""
    first = ["s"] if op == "ConstantOfShape" else ["x", "s"]
    nodes = [node(op, first, ["a"], **attributes), node("ReduceSum", ["a"], ["y"])]
    return bytes(model(nodes, X, ["y"], {"s": np.array(shape)}))


@pytest.mark.parametrize(
    "content",
    [
        huge([2**40, 2**20]),
        huge([-5, 3]),
        shaped("ConstantOfShape", [2**20, 2**20]),
        shaped("Expand", [2**24, 3]),
        shaped("Tile", [2**30, 2**30]),
        shaped("Pad", [0, 0, 2**30, 2**30]),
        model([node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"])], X, ["b"]),
        model([node("Relu", ["a"], ["y"]), node("Relu", ["x"], ["a"])], X, ["y"]),
        model([node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])], X, ["y"]),
        model([node("Relu", ["x"], ["x"])], X, ["x"]),
        model([NodeProto(op_type="Relu")], X, ["y"]),
        model([node("Conv", ["x", "w"], ["y"])], X, ["y"], {"w": np.ones((1, 1, 1), np.float32)}),
        model([node("Reshape", ["x", "x"], ["y"])], X, ["y"]),
        model([node("Add", ["x", "w"], ["y"])], X, ["y"], {"w": np.ones(3, np.complex64)}),
        model([node("Relu", ["x"], ["y"])], {"x": (TensorProto.FLOAT, [2**40, 2**40])}, ["y"]),
    ],
)
def test_a_harmful_graph_is_refused(content: bytes) -> None:
    """Claimed terabytes, negative sizes, circles, disorder, two makers of one value, and wrong ranks and types."""
    with pytest.raises(ModelError):
        compiled(content)
