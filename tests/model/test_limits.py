"""The gate in front of every runtime."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from volvelle.errors import ModelError
from volvelle.model.graph import Graph
from volvelle.model.limits import inspect
from volvelle.model.session import Session


def plain() -> onnx.ModelProto:
    """A sound model."""
    graph = Graph("plain")
    graph.output("y", graph.node("Add", graph.input("x", "float", 1), graph.constant(np.array([1], dtype=np.float32))))
    return onnx.load_from_string(graph.finish())


def foreign_operator(model: onnx.ModelProto) -> None:
    """An operator outside the set."""
    model.graph.node[0].op_type = "Loop"


def foreign_domain(model: onnx.ModelProto) -> None:
    """A domain that nobody knows."""
    model.graph.node[0].domain = "com.example"


def other_file(model: onnx.ModelProto) -> None:
    """Weights that lie in another file."""
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def local_function(model: onnx.ModelProto) -> None:
    """A function inside the model."""
    model.functions.append(helper.make_function("f", "g", ["a"], ["b"], [], []))


def nothing(model: onnx.ModelProto) -> None:
    """No operator."""
    del model.graph.node[:]


@pytest.mark.parametrize("spoil", [foreign_operator, foreign_domain, other_file, local_function, nothing])
def test_what_is_not_known_is_refused(spoil: Callable[[onnx.ModelProto], None]) -> None:
    """A model that leaves the closed set, or the file, never reaches a runtime."""
    model = plain()
    inspect(model.SerializeToString())
    spoil(model)
    with pytest.raises(ModelError):
        Session(model.SerializeToString())


def test_a_model_that_the_runtime_refuses_is_one_error() -> None:
    """A graph with dangling names passes no further than a ModelError."""
    model = plain()
    model.graph.node[0].input[0] = "nowhere"
    with pytest.raises(ModelError, match="onnxruntime refuses"):
        Session(model.SerializeToString())


@given(st.binary(max_size=300))
def test_no_bytes_break_the_gate(content: bytes) -> None:
    """Random bytes are refused as a ModelError, whatever they are."""
    with pytest.raises(ModelError):
        inspect(content)
