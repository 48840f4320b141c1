"""Reading ONNX files from anywhere."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]

from volvelle.compiler.front import front, supported
from volvelle.errors import ModelError

X = {"x": (TensorProto.FLOAT, ["N", 3])}


def test_a_graph_is_read_with_shapes_and_types() -> None:
    """An open row count becomes one row, and every value has a shape and a type."""
    graph = front(line())
    assert graph.tensors["x"].shape == (1, 3)
    assert (graph.tensors["y"].shape, graph.tensors["y"].dtype) == ((1, 2), np.dtype(np.float32))


def test_constants_are_folded() -> None:
    """What depends on constants alone is a constant, and no operator is left of it."""
    nodes = [helper.make_node("Add", ["a", "a"], ["b"]), helper.make_node("Add", ["x", "b"], ["y"])]
    graph = front(model(nodes, X, ["y"], {"a": np.array([1, 2, 3], np.float32)}))
    assert [n.op for n in graph.nodes] == ["add"]
    value = graph.constant("b")
    assert value is not None
    assert value.tolist() == [2, 4, 6]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no operator"),
        (b"\xff\xfe not a model", "cannot be decoded"),
        (model([helper.make_node("Det", ["x"], ["y"])], X, ["y"]), "Det is not supported"),
        (model([helper.make_node("Relu", ["x"], ["y"], domain="com.example")], X, ["y"]), "com.example.Relu"),
        (model([helper.make_node("Relu", ["z"], ["y"])], X, ["y"]), "'z' is read before it is made"),
        (model([helper.make_node("Relu", ["x"], ["z"])], X, ["y"]), "'y' is made by no operator"),
        (model([helper.make_node("Relu", ["x"], ["y"])], {"x": (TensorProto.FLOAT, ["N", "M"])}, ["y"]), "dimension 1"),
        (model([helper.make_node("Relu", ["x"], ["y"])], {"x": (TensorProto.STRING, [1, 3])}, ["y"]), "no tensor"),
        (model([helper.make_node("Relu", ["x"], ["y"])], X, ["y"], opset=99), "opset 99"),
        (model([helper.make_node("Add", ["x"], ["y"])], X, ["y"]), "does not fit"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(content: bytes, said: str) -> None:
    """Damage, unknown operators, open dimensions and strange types are each told by name."""
    with pytest.raises(ModelError) as caught:
        front(content)
    assert said in str(caught.value)


def test_claimed_sizes_are_checked_before_anything_is_allocated() -> None:
    """A graph that would need a terabyte is refused, not tried."""
    wide = {"a": np.ones((1, 2**14), np.float32), "b": np.ones((2**14, 1), np.float32)}
    nodes = [helper.make_node("Add", ["a", "b"], ["c"]), helper.make_node("Relu", ["c"], ["y"])]
    with pytest.raises(ModelError, match="elements are allowed"):
        front(model(nodes, X, ["y"], wide))


def test_weights_outside_the_file_are_refused() -> None:
    """A path in a model is never followed."""
    whole = ModelProto()
    whole.ParseFromString(line())
    entry = whole.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    whole.graph.initializer[0].data_location = TensorProto.EXTERNAL
    with pytest.raises(ModelError, match="outside the file"):
        front(whole.SerializeToString())


def test_every_operator_is_found_by_its_name_in_the_standard() -> None:
    """What is supported is told in the standard's words, and operators of our own are not among it."""
    assert not {"QDense", "QConv"} & set(supported())
    assert {"Gemm", "TreeEnsemble", "IsNaN", "TopK"} <= set(supported())
