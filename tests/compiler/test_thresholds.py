"""Scalers before trees as part of their thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.host import Host
from volvelle.compiler.passes.thresholds import _largest, _number, _place, _scaled
from volvelle.compiler.prove import Compiled, compiled

node = helper.make_node
NUMBERS = st.floats(width=32, allow_nan=False, min_value=-(2.0**99), max_value=2.0**99)
POSITIVE = st.floats(width=32, min_value=2.0**-20, max_value=2.0**20)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["add", "sub"]), NUMBERS), st.tuples(st.sampled_from(["mul", "div"]), POSITIVE)
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, derandomize=True)
@given(STEPS, NUMBERS, st.booleans())
def test_a_threshold_parts_all_numbers_where_the_scaled_one_did(steps: Any, limit: float, strict: bool) -> None:
    """The number found and its two neighbours answer as they did with the scaler before the question."""
    told = tuple((op, np.float32(c)) for op, c in steps)
    limits = np.array([limit], np.float32)
    found = _largest(told, limits, strict)
    around = _number(np.array([_place(found[0])]) + np.arange(-2, 3))
    around = around[~np.isnan(around)]
    scaled = _scaled(told, around)
    before = scaled < limits if strict else scaled <= limits
    assert np.array_equal(around < found if strict else around <= found, before)


def forest(form: str, mode: str, inner: list[Any], splits: list[float], **more: NDArray[Any]) -> bytes:
    """Two trees of one question each over two columns of ``t``."""
    told: dict[str, Any] = {"domain": "ai.onnx.ml"}
    if form == "TreeEnsemble":
        numbers = {"BRANCH_LEQ": 0, "BRANCH_LT": 1, "BRANCH_GTE": 2, "BRANCH_GT": 3}
        told |= {
            "nodes_splits": helper.make_tensor("", TensorProto.FLOAT, [2], splits),
            "nodes_modes": helper.make_tensor("", TensorProto.UINT8, [2], [numbers[mode]] * 2),
            "leaf_weights": helper.make_tensor("", TensorProto.FLOAT, [4], [1, 2, 4, 8]),
        }
        told |= {"nodes_featureids": [0, 1], "nodes_truenodeids": [0, 2], "nodes_falsenodeids": [1, 3]}
        told |= {"nodes_trueleafs": [1, 1], "nodes_falseleafs": [1, 1], "tree_roots": [0, 1], "n_targets": 1}
        told |= {"leaf_targetids": [0] * 4}
    else:
        told |= {"nodes_treeids": [0] * 3 + [1] * 3, "nodes_nodeids": [0, 1, 2] * 2, "n_targets": 1}
        told |= {"nodes_featureids": [0, 0, 0, 1, 0, 0], "nodes_values": [splits[0], 0, 0, splits[1], 0, 0]}
        told |= {"nodes_modes": [mode, "LEAF", "LEAF"] * 2}
        told |= {"nodes_truenodeids": [1, 0, 0] * 2, "nodes_falsenodeids": [2, 0, 0] * 2}
        told |= {"target_treeids": [0, 0, 1, 1], "target_nodeids": [1, 2] * 2, "target_ids": [0] * 4}
        told |= {"target_weights": [1.0, 2.0, 4.0, 8.0]}
    nodes = [*inner, node(form, ["t"], ["y"], **told)]
    ml = 5 if form == "TreeEnsemble" else 3
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 2])}, ["y"], dict(more), ml=ml))


def asked(content: bytes, rows: NDArray[np.float32]) -> Compiled:
    """The model in C, of which every row answers as in onnxruntime."""
    made = compiled(content)
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0]
    assert set(np.unique(wanted)) == {5.0, 6.0, 9.0, 10.0}
    assert np.array_equal(Host(made.sources).run([rows])[0], wanted.reshape(len(rows), -1))
    return made


def near(*values: float) -> NDArray[np.float32]:
    """Numbers one after another around each value, the ends, and no number, in pairs."""
    places = [_number(np.array([_place(np.float32(v))]) + np.arange(-60, 60)) for v in values]
    one = np.concatenate([*places, np.array([np.nan, np.inf, -np.inf, 0, -0.0], np.float32)])
    return np.stack([one, np.random.default_rng(3).permutation(one)], axis=1).astype(np.float32)


@pytest.mark.parametrize("form", ["TreeEnsembleRegressor", "TreeEnsemble"])
@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"])
def test_a_scaler_before_trees_is_gone(form: str, mode: str) -> None:
    """Each comparison of each form, at the numbers next to where the answers part."""
    centre, spread = np.array([[0.37, -12.4]], np.float32), np.array([[1.7, 0.013]], np.float32)
    inner = [node("Sub", ["x", "c"], ["a"]), node("Div", ["a", "s"], ["t"])]
    content = forest(form, mode, inner, [0.61, -3.3], c=centre, s=spread)
    made = asked(content, near(0.37 + 1.7 * 0.61, -12.4 - 0.013 * 3.3))
    assert [n.op for n in made.graph.nodes if not n.op.startswith("tree")] in ([], ["reshape"])


def test_a_scaler_of_one_part_of_a_row_is_gone() -> None:
    """Trees read the numbers before the scaler beside what has none; one that turns the order round stays."""
    inner = [
        node("Split", ["x"], ["u", "v"], axis=1, num_outputs=2),
        node("Mul", ["u", "s"], ["a"]),
        node("Add", ["c", "a"], ["b"]),
        node("Concat", ["b", "v"], ["t"], axis=1),
    ]
    scale, shift = np.array([[0.3]], np.float32), np.array([[5]], np.float32)
    rows = near((1.1 - 5) / 0.3, 0.2)
    made = asked(forest("TreeEnsembleRegressor", "BRANCH_LEQ", inner, [1.1, 0.2], s=scale, c=shift), rows)
    assert not {"mul", "add"} & {n.op for n in made.graph.nodes}
    made = asked(forest("TreeEnsembleRegressor", "BRANCH_LEQ", inner, [1.1, 0.2], s=-scale, c=shift), near(13, 0.2))
    assert "mul" in {n.op for n in made.graph.nodes}


def test_thresholds_of_whole_numbers_are_whole() -> None:
    """Of numbers that were counts, the scaled thresholds take a byte each, and every count answers as before."""
    inner = [
        node("Cast", ["x"], ["i"], to=TensorProto.INT64),
        node("Cast", ["i"], ["a"], to=TensorProto.FLOAT),
        node("Sub", ["a", "c"], ["b"]),
        node("Mul", ["b", "s"], ["t"]),
    ]
    scale, centre = np.array([[0.31, 2.3]], np.float32), np.array([[17.3, 4.1]], np.float32)
    counts = np.arange(-40, 60, dtype=np.float32)
    rows = np.stack([np.repeat(counts, 100), np.tile(counts, 100)], axis=1)
    for mode in ("BRANCH_LEQ", "BRANCH_LT"):
        made = asked(forest("TreeEnsembleRegressor", mode, inner, [0.8, -1.7], c=centre, s=scale), rows)
        trees = next(n for n in made.graph.nodes if n.op.startswith("tree"))
        assert all(float(v).is_integer() for v in trees.attributes["nodes_values"])
