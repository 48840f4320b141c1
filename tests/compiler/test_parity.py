"""What the proof counts as a difference, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]

from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.ir import Graph
from volvelle.compiler.parity import compared, dequantised
from volvelle.compiler.prove import by_numpy, case_of, compiled, prove
from volvelle.compiler.records import TOLERANCE
from volvelle.compiler.sources import sources

node = helper.make_node
SCALES = {"s": np.float32(1e-6), "z": np.int8(0), "v": np.float32(0.01), "w": np.eye(3, dtype=np.int8) * 50}
X = {"x": (TensorProto.FLOAT, ["N", 3])}


def quantised(before: str) -> bytes:
    """A dense layer in whole numbers whose steps are smaller than the tolerance, behind another operator."""
    nodes = [
        node(before, ["x"], ["p"]),
        node("QuantizeLinear", ["p", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DequantizeLinear", ["w", "v", "z"], ["dw"]),
        node("MatMul", ["d", "dw"], ["m"]),
        node("QuantizeLinear", ["m", "s", "z"], ["o"]),
        node("DequantizeLinear", ["o", "s", "z"], ["y"]),
    ]
    return bytes(model(nodes, X, ["y"], SCALES))


def heavier(graph: Graph) -> Graph:
    """The graph with weights that are larger by one."""
    tensors = dict(graph.tensors)
    name = next(n for n, t in tensors.items() if t.value is not None and t.size == 6)
    tensors[name] = replace(tensors[name], value=np.asarray(tensors[name].value) + np.float32(1))
    return replace(graph, tensors=tensors)


def test_one_step_of_a_quantised_answer_is_a_difference() -> None:
    """A millionth, within the tolerance, counts where all is whole numbers, and not where real ones came before."""
    for before, counts in (("Identity", True), ("Sigmoid", False)):
        made = compiled(quantised(before))
        case = case_of(quantised(before), made, None, 7)
        own = Host(made.sources).run(case.typed)
        assert dequantised(made.graph, "y") is counts
        assert compared("host", own, case).label_differences == 0
        own[0][5, 1] += np.float32(1e-6)
        found = compared("host", own, case)
        assert (found.label_differences, found.largest <= TOLERANCE) == (int(counts), True)


def test_a_wrong_definition_in_numpy_is_found() -> None:
    """Every proof holds the operators' definitions against onnxruntime; with another weight they differ."""
    content = line()
    made = compiled(content)
    case = case_of(content, made, None, 7)
    assert by_numpy(case).largest <= TOLERANCE
    assert by_numpy(replace(case, made=heavier(case.made))).largest > TOLERANCE


def test_a_pass_that_computes_something_else_is_found() -> None:
    """A wrong graph behind the passes makes wrong C, and is not taken for the truth that the C is held against."""
    content = line()
    made = compiled(content)
    case = case_of(content, made, None, 7)
    wrong = heavier(made.graph)
    own = Host(sources(wrong, "m", "")).run(case.typed)
    assert compared("host", own, replace(case, made=wrong)).largest > TOLERANCE
    assert compared("host", own, replace(case, made=wrong, read=wrong)).largest > TOLERANCE


def test_real_rows_are_counted_apart() -> None:
    """A tree's work depends on the row: the spread over one real row is one number, that over all rows is not."""
    told: dict[str, Any] = {
        "nodes_treeids": [0] * 5, "nodes_nodeids": [0, 1, 2, 3, 4], "nodes_featureids": [0, 0, 1, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"], "nodes_values": [0.1, 0, 0.2, 0, 0],
        "nodes_truenodeids": [1, 0, 3, 0, 0], "nodes_falsenodeids": [2, 0, 4, 0, 0], "target_treeids": [0] * 3,
        "target_nodeids": [1, 3, 4], "target_ids": [0] * 3, "target_weights": [1.5, 2.5, 3.5], "n_targets": 1,
    }  # fmt: skip
    content = model([node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **told)], X, ["y"])
    made = compiled(content)
    found = prove(content, made, device("cortex-m4f"), {"x": np.full((5, 3), -1, np.float32)})
    assert found.real is not None
    assert found.real.least == found.real.most
    assert found.instructions.least < found.instructions.most
    assert found.parity[0].where == "NumPy"
    assert found.agrees()
    assert prove(content, made, device("cortex-m4f")).real is None
