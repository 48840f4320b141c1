"""Infinite numbers, the largest and the smallest, zeros of both signs and no number, operator by operator."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from growing import BINARY, COMPARISONS, REDUCTIONS, UNARY  # type: ignore[import-not-found]
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.front import front
from volvelle.compiler.host import Host
from volvelle.compiler.parity import Case, compared, gaps, reference
from volvelle.compiler.prove import compiled
from volvelle.compiler.records import TOLERANCE
from volvelle.compiler.rows import made_up
from volvelle.compiler.unsettled import ORDERS, SUMS

node = helper.make_node
MOST = float(np.finfo(np.float32).max)
ODD = (0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, MOST, -MOST, np.nan, 1e-40, -1e-45)
MORE = (*ODD, 2.5, -1.0, 1e20, -1e20, 88.9, -88.9, -104.0, 3e9, 0.4, -0.4)
EACH = np.array(MORE, np.float32)[:, None]
PAIRS = np.array(list(product(MORE, repeat=2)), np.float32)
TRIPLES = np.array(list(product(ODD, repeat=3)), np.float32)
_drawn = np.random.default_rng(0).choice(np.array(ODD, np.float32), (200, 19))
LONG = np.where(np.isnan(_drawn) & (np.arange(200) % 2 == 0)[:, None], np.float32(3), _drawn)
BOOL, WHOLE = TensorProto.BOOL, TensorProto.INT64
SPLIT = node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2)
ML: dict[str, Any] = {"domain": "ai.onnx.ml"}


def answers(
    nodes: list[NodeProto], rows: NDArray[np.float32], kinds: dict[str, int], **constants: Any
) -> tuple[Any, Case, list[NDArray[Any]]]:
    """A model whose outputs are those of the nodes that begin with y: its C, the rows, and the answers of the C."""
    outs = [o for n in nodes for o in n.output if o.startswith("y")]
    whole = {k: np.asarray(v, getattr(v, "dtype", np.float32)) for k, v in constants.items()}
    kinds = {o: kinds.get(o.split()[-1], TensorProto.FLOAT) for o in outs}
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", rows.shape[1]])}, outs, whole, kinds=kinds)
    made = compiled(content)
    typed = [np.ascontiguousarray(rows)]
    case = Case(typed, reference(content, {"x": rows}, made.graph), made.graph, front(content))
    return made, case, Host(made.sources).run(typed)


def each(ops: list[str], *inputs: str, **attributes: dict[str, Any]) -> list[NodeProto]:
    """One node for every operator, from the same inputs."""
    return [node(op, list(inputs), [f"y {op}"], **attributes.get(op, {})) for op in ops]


TRUTHS: dict[str, int] = dict.fromkeys([*COMPARISONS, "IsNaN", "IsInf"], BOOL)
SINGLE = each([*UNARY, "Sqrt", "Log", "Reciprocal", "IsNaN", "IsInf"], "x", **UNARY)
SINGLE += [
    node("Clip", ["x", "l", "h"], ["y Clip"]),
    node("QuantizeLinear", ["x", "s", "z"], ["y QuantizeLinear"]),
    node("Imputer", ["x"], ["y Imputer"], imputed_value_floats=[3.0], replaced_value_float=float("nan"), **ML),
]
CLIPPED = {"l": -2.0, "h": 2.0, "s": 0.1, "z": np.int8(3)}
DOUBLE = [SPLIT, *each([*BINARY, *COMPARISONS, "Div", "Pow", "PRelu", "Sum", "Mean"], "a", "b")]
ROWS = each([f"Reduce{r}" for r in (*REDUCTIONS, "LogSum") if r not in ("Max", "Min")], "x", "e")
ROWS += each(["Softmax", "LogSoftmax"], "x", Softmax={"axis": 1}, LogSoftmax={"axis": 1})
ROWS += each(["ArgMax", "ArgMin"], "x", ArgMax={"axis": 1}, ArgMin={"axis": 1})
ROWS += [node("Gemm", ["x", "w"], ["y Gemm"]), node("Normalizer", ["x"], ["y L2"], norm="L2", **ML)]
PLACES: dict[str, int] = {"ArgMax": WHOLE, "ArgMin": WHOLE, "QuantizeLinear": TensorProto.INT8, **TRUTHS}


@pytest.mark.parametrize("rows", [EACH, EACH.T, LONG], ids=["one", "row", "rows"])
def test_one_odd_number_becomes_what_onnxruntime_makes_of_it(rows: NDArray[np.float32]) -> None:
    """Operators on one number agree for every odd number, with the sign of a zero, alone and in a long row."""
    made, case, own = answers(SINGLE, rows, PLACES, **CLIPPED)
    for name, mine, theirs in zip(made.graph.outputs, own, case.wanted, strict=True):
        assert gaps(mine, theirs).max() <= (0 if mine.dtype.kind in "iub" else TOLERANCE), name
        assert ((theirs != 0) | (np.signbit(mine) == np.signbit(theirs))).all(), name


def test_two_odd_numbers_become_what_onnxruntime_makes_of_them() -> None:
    """Operators on two numbers agree for every pair."""
    made, case, own = answers(DOUBLE, PAIRS, PLACES)
    for name, mine, theirs in zip(made.graph.outputs, own, case.wanted, strict=True):
        assert gaps(mine, theirs).max() <= (0 if mine.dtype.kind in "iub" else TOLERANCE), name


@pytest.mark.parametrize("rows", [TRIPLES, LONG], ids=["three", "many"])
def test_a_row_of_odd_numbers_is_added_up_as_by_onnxruntime(rows: NDArray[np.float32]) -> None:
    """Sums, products, norms, shares and places agree in every row but those whose sum leaves float32 on the way."""
    weights = np.random.default_rng(1).normal(size=(rows.shape[1], 2)).astype(np.float32)
    made, case, own = answers(ROWS, rows, PLACES, e=np.array([1]), w=weights)
    found = compared("host", own, case)
    assert (found.label_differences, found.largest <= TOLERANCE) == (0, True)
    small = ~(np.abs(rows) == np.float32(MOST)).any(axis=1)
    for name, mine, theirs in zip(made.graph.outputs, own, case.wanted, strict=True):
        assert gaps(mine[small], theirs[small]).max() <= TOLERANCE, name


@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"])
@pytest.mark.parametrize("missing", [0, 1])
def test_a_tree_sends_odd_numbers_where_onnxruntime_does(mode: str, missing: int) -> None:
    """Infinite numbers and no number take the same branch."""
    told: dict[str, Any] = {"nodes_treeids": [0] * 3, "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0] * 3,
            "nodes_modes": [mode, "LEAF", "LEAF"], "nodes_values": [1.0, 0.0, 0.0], "nodes_truenodeids": [1, 0, 0],
            "nodes_falsenodeids": [2, 0, 0], "nodes_missing_value_tracks_true": [missing, 0, 0],
            "target_treeids": [0, 0], "target_nodeids": [1, 2], "target_ids": [0, 0], "n_targets": 1,
            "target_weights": [1.0, 2.0]}  # fmt: skip
    _, case, own = answers([node("TreeEnsembleRegressor", ["x"], ["y"], **told, **ML)], EACH, {})
    assert np.array_equal(own[0], case.wanted[0])


LARGEST: dict[str, list[NodeProto]] = {
    "reduce_max": [node("ReduceMax", ["x", "e"], ["y"], keepdims=1)],
    "reduce_min": [node("ReduceMin", ["x", "e"], ["y"], keepdims=1)],
    "top_k": [node("TopK", ["x", "k"], ["y", "places"], axis=1)],
    "max_pool": [node("Reshape", ["x", "t"], ["r"]), node("MaxPool", ["r"], ["y"], kernel_shape=[3])],
    "global": [node("Reshape", ["x", "t"], ["r"]), node("GlobalMaxPool", ["r"], ["y"])],
    "norm": [node("Normalizer", ["x"], ["y"], norm="MAX", **ML)],
}
SHAPES = {"e": np.array([1]), "k": np.array([19]), "t": np.array([-1, 1, 19])}


@pytest.mark.parametrize("name", LARGEST)
def test_no_number_among_those_whose_largest_is_looked_for_has_no_one_answer(name: str) -> None:
    """onnxruntime passes it on or over by where it stands: those rows differ, are left out, and no other is."""
    read = {i for n in LARGEST[name] for i in n.input}
    rows = np.concatenate([LONG, np.random.default_rng(3).normal(size=(9, 19)).astype(np.float32)])
    _, case, own = answers(LARGEST[name], rows, {}, **{k: v for k, v in SHAPES.items() if k in read})
    odd = np.isnan(rows).any(axis=1)
    assert gaps(own[0][odd], case.wanted[0][odd]).max() > TOLERANCE
    found = compared("host", own, case)
    assert (found.label_differences, found.largest <= TOLERANCE) == (0, True)
    for row, counts in ((int(np.argmax(odd)), False), (-1, True)):
        wrong = [a.copy() for a in own]
        wrong[0][row] = 7
        assert (compared("host", wrong, case).largest > TOLERANCE) is counts
    assert not ORDERS & SUMS


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64, TensorProto.INT8, TensorProto.UINT8])
def test_a_number_that_a_whole_type_does_not_hold_is_held_at_its_ends(kind: int) -> None:
    """onnxruntime gives what its processor does; C the nearest end and 0 for no number; all others are equal."""
    _, case, own = answers([node("Cast", ["x"], ["y"], to=kind)], EACH, {"y": kind})
    limits = np.iinfo(own[0].dtype)
    held = (limits.min - 1.0 < EACH) & (limits.max + 1.0 > EACH)
    assert np.array_equal(own[0][held], case.wanted[0][held])
    assert not np.array_equal(own[0], case.wanted[0])
    assert own[0][np.isposinf(EACH)] == limits.max
    assert own[0][np.isnan(EACH)] == 0
    assert compared("host", own, case).label_differences == 0


def test_an_infinite_number_before_a_linear_support_vector_machine_has_no_one_answer() -> None:
    """Its vectors are added up when it is compiled, and infinity times a 0 of one of them is no number."""
    told: dict[str, Any] = {"kernel_type": "LINEAR", "kernel_params": [0.1, 0.5, 2.0],
            "support_vectors": [1.0, 0.0, 2.0, -1.0], "coefficients": [1.0, -2.0], "rho": [0.2],
            "n_supports": 2}  # fmt: skip
    _, case, own = answers([node("SVMRegressor", ["x"], ["y"], **told, **ML)], PAIRS, {})
    infinite = np.isinf(PAIRS).any(axis=1)
    assert gaps(own[0][infinite], case.wanted[0][infinite]).max() > TOLERANCE
    assert compared("host", own, case).largest <= TOLERANCE


def test_made_up_rows_hold_odd_numbers() -> None:
    """A file from elsewhere is asked about infinite numbers and the ends of float32; not in replaced precision."""
    graph = compiled(model([node("Relu", ["x"], ["y"])], {"x": (TensorProto.FLOAT, ["N", 9])}, ["y"])).graph
    rows = made_up(graph, None, 256, 7)["x"]
    assert all((rows == odd).any() for odd in (np.inf, -np.inf, MOST, -MOST, np.float32(1e-40)))
    assert ((rows == 0) & np.signbit(rows)).any()
    assert not np.isinf(made_up(graph, None, 256, 7, "single")["x"]).any()
