"""What each part of the C costs, on an emulated core."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from volvelle.compiler.device import device
from volvelle.compiler.layers import headings
from volvelle.compiler.prove import compiled, prove


def network(hidden: int) -> bytes:
    """A scaler, a dense layer of so many units and one of two, and a softmax."""
    rng = np.random.default_rng(5)
    shapes = {"m": (8,), "w": (8, hidden), "v": (hidden, 2)}
    values = [helper.make_tensor(n, TensorProto.FLOAT, s, rng.normal(size=s).ravel()) for n, s in shapes.items()]
    nodes = [
        helper.make_node("Sub", ["x", "m"], ["a"]),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "w"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MatMul", ["d", "v"], ["e"]),
        helper.make_node("Softmax", ["e"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", k]) for n, k in (("x", 8), ("y", 2))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m0", "rv32imac"])
def test_parts_add_up_to_the_slowest_row(core: str) -> None:
    """Every instruction of the slowest row belongs to one part, and every part stands as a heading in the C."""
    content = network(12)
    made = compiled(content)
    found = prove(content, made, device(core, None))
    assert sum(layer.instructions for layer in found.layers) == found.instructions.most
    told = set(headings(made.sources.source).values())
    assert {layer.name for layer in found.layers} - {"entry"} <= told
    assert len(found.layers) >= 4


def test_a_wider_layer_costs_more_where_it_stands() -> None:
    """Four times the units take more than twice the instructions in the dense layers, and as many in the scaler."""
    costs = []
    for hidden in (12, 48):
        content = network(hidden)
        found = prove(content, compiled(content), device("cortex-m4f", None))
        dense = sum(layer.instructions for layer in found.layers if "Gemm" in layer.name or "MatMul" in layer.name)
        scaler = [layer.instructions for layer in found.layers if "Tanh" in layer.name]
        costs.append((dense, scaler))
    assert costs[1][0] > 2 * costs[0][0]
    assert len(costs[0][1]) == len(costs[1][1]) == 1
