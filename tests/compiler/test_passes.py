"""The passes one by one: what becomes of a graph, and that its answers stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]

from volvelle.compiler import lower, states
from volvelle.compiler.front import front
from volvelle.compiler.host import Host
from volvelle.compiler.ir import Graph
from volvelle.compiler.prove import Compiled, compiled
from volvelle.errors import ContractBroken

node = helper.make_node
FLOAT = TensorProto.FLOAT
SLOW = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def answers(content: bytes, rows: NDArray[np.float32], made: Compiled) -> tuple[NDArray[Any], NDArray[Any]]:
    """Those of the C, and those of onnxruntime."""
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0].reshape(len(rows), -1)
    return Host(made.sources).run([rows.reshape(len(rows), -1)])[0], wanted


def ops(made: Compiled) -> list[str]:
    """The operators that are left."""
    return [n.op for n in made.graph.nodes]


def test_a_pass_that_breaks_its_word_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pass needs and leaves is asked of the graph, and a fault is told with the name of the pass."""

    def loses(graph: Graph) -> Graph:
        return replace(graph, nodes=())

    def idles(graph: Graph) -> Graph:
        return graph

    graph = front(line())
    faults = [
        (lower.Pass(loses), "pass loses left another graph .sound.: nothing makes the output"),
        (lower.Pass(idles, needs=(lambda _: "a fault",)), "pass idles needs another graph"),
        (lower.Pass(idles, leaves=(lambda _: "a fault",)), "pass idles left another graph"),
    ]
    for one, told in faults:
        monkeypatch.setattr(lower, "PASSES", (one,))
        with pytest.raises(ContractBroken, match=told):
            lower.lower(graph)


def test_what_is_lowered_is_what_the_passes_promise() -> None:
    """Behind all passes a graph is written out and computes no constant, and nothing of it is idle or too wide."""
    for content in (line(), scaler(np.ones(3), np.zeros(3))):
        for relaxed in (False, True):
            made = lower.lower(front(content), relaxed)
            for state in (states.sound, states.written_out, states.folded, states.lean, states.narrowed):
                assert state(made) is None


def scaler(spread: NDArray[Any], centre: NDArray[Any]) -> bytes:
    """A scaler in four steps before a dense layer."""
    w = np.arange(6, dtype=np.float32).reshape(3, 2) - 2.5
    constants = {
        "w": w,
        "c": centre.astype(np.float32),
        "s": spread.astype(np.float32),
        "t": np.array([[2]], np.float32),
    }
    nodes = [
        node("Sub", ["x", "c"], ["a"]),
        node("Div", ["a", "s"], ["b"]),
        node("Mul", ["t", "b"], ["d"]),
        node("Add", ["d", "c"], ["e"]),
        node("MatMul", ["e", "w"], ["y"]),
    ]
    return bytes(model(nodes, {"x": (FLOAT, ["N", 3])}, ["y"], constants))


def test_a_scaler_becomes_weights_where_that_agrees() -> None:
    """Four operators vanish into the layer behind; with an offset that swallows what is left of x they stay."""
    content = scaler(np.array([2.0, 0.3, 5.0]), np.array([0.1, 3.0, -1.0]))
    made = compiled(content)
    assert (ops(made), made.precision) == (["gemm"], "single")
    rows = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    rows[:3] = [[np.nan, 0, 0], [np.inf, 1, 1], [-np.inf, np.inf, 0]]
    own, wanted = answers(content, rows, made)
    assert np.allclose(own, wanted, rtol=1e-5, atol=1e-5, equal_nan=True)
    far = scaler(np.full(3, 0.01), np.full(3, 1e7))
    distant = {"x": (1e7 + np.random.default_rng(2).integers(-4, 5, (50, 3))).astype(np.float32)}
    assert compiled(far, rows=distant).precision == "as written"


@pytest.mark.parametrize("points", ["whole", "real", "large"])
def test_squared_distances_are_found(points: str) -> None:
    """The expanded square becomes the sum of squares; rows of whole numbers and others give what they gave."""
    random = np.random.default_rng(4)
    s = random.integers(-100, 100, (9, 7)).astype(np.float64)
    s = s + 0.37 if points == "real" else s * (300 if points == "large" else 1)
    lengths = (s * s).sum(axis=1).reshape(1, -1)
    nodes = [
        node("Cast", ["x"], ["d"], to=TensorProto.DOUBLE),
        node("Gemm", ["d", "s", "l"], ["g"], alpha=-2.0),
        node("Mul", ["d", "d"], ["q"]),
        node("ReduceSum", ["q", "axis"], ["o"], keepdims=1),
        node("Add", ["g", "o"], ["a"]),
        node("Max", ["a", "zero"], ["m"]),
        node("Mul", ["m", "small"], ["n"]),
        node("Exp", ["n"], ["e"]),
        node("Cast", ["e"], ["y"], to=FLOAT),
    ]
    constants = {"s": s.T, "l": lengths, "axis": np.array([1]), "zero": np.array([0.0]), "small": np.array([-1e-5])}
    content = model(nodes, {"x": (FLOAT, ["N", 7])}, ["y"], constants)
    made = compiled(content, precision="single")
    assert ops(made) == ["squared_distances", "mul", "exp"]
    whole = random.integers(-120, 120, (40, 7)).astype(np.float32)
    rows = np.concatenate([whole, whole * 50, whole + np.float32(0.25), np.full((1, 7), 3e8, np.float32)])
    own, wanted = answers(content, rows, made)
    assert np.allclose(own, wanted, rtol=1e-5, atol=1e-5)


def test_limits_become_one_operator() -> None:
    """Max and Min of constants hold a number, and what is no number, in one step."""
    constants = {"low": np.array([[-1, 0, -np.inf]], np.float32), "high": np.array([[1, 0, 5]], np.float32)}
    nodes = [node("Max", ["low", "x"], ["a"]), node("Min", ["a", "high"], ["y"])]
    content = model(nodes, {"x": (FLOAT, ["N", 3])}, ["y"], constants)
    made = compiled(content)
    assert ops(made) == ["clip"]
    rows = np.array([[-3, 4, 9], [0.5, -0.0, -9], [np.nan, np.nan, np.nan], [np.inf, -np.inf, -np.inf]], np.float32)
    own, wanted = answers(content, rows, made)
    assert np.array_equal(own, wanted, equal_nan=True)


def picture(random: np.random.Generator, how: dict[str, Any], *, pruned: bool) -> tuple[bytes, NDArray[np.float32]]:
    """A convolution, a bound, perhaps a depthwise convolution and a pool, and a layer that reads them."""
    channels, tall, wide = int(random.integers(2, 6)), 8, 9

    def real(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    constants: dict[str, NDArray[Any]] = {"w": real(channels, 2, 3, 3), "b": real(channels)}
    constants |= {
        "low": np.array(-0.5, np.float32),
        "high": np.array(2, np.float32),
        "pads": np.array([0, 0, 1, 2, 0, 0, 2, 1]),
    }
    if pruned:
        constants["w"][random.random(channels) < 0.6] = 0
    nodes = [node("Pad", ["x", "pads"], ["p"])] if how["pad"] else []
    nodes.append(node("Conv", ["p" if how["pad"] else "x", "w", "b"], ["c"], pads=[1, 0, 0, 1]))
    nodes.append(node("Relu", ["c"], ["h"]) if how["relu"] else node("Clip", ["c", "low", "high"], ["h"]))
    last = "h"
    if how["deep"]:
        constants |= {"d": real(channels, 1, 3, 3), "e": real(channels)}
        nodes.append(node("Conv", [last, "d", "e"], ["k"], group=channels, pads=[how["deep"] - 1] * 4))
        last = "k"
    if how["pool"]:
        op = ("AveragePool", "MaxPool")[how["pool"] - 1]
        nodes.append(node(op, [last], ["q"], kernel_shape=[2, 2], strides=[2, 2]))
        last = "q"
    if how["dense"]:
        nodes += [node("GlobalAveragePool", [last], ["g"]), node("Flatten", ["g"], ["f"])]
        constants |= {"v": real(channels, 3), "u": real(3)}
        nodes.append(node("Gemm", ["f", "v", "u"], ["y"]))
    else:
        constants |= {"v": real(3, channels, 2, 2), "u": real(3)}
        nodes.append(node("Conv", [last, "v", "u"], ["y"], pads=[how["edge"]] * 4))
    if pruned:
        constants["v"][(slice(None), 0) if constants["v"].ndim > 2 else (0,)] = 0
    rows = random.normal(size=(30, 2, tall, wide)).astype(np.float32)
    return bytes(model(nodes, {"x": (FLOAT, ["N", 2, tall, wide])}, ["y"], constants, opset=17)), rows


HOW = st.fixed_dictionaries(
    {
        "pad": st.booleans(),
        "relu": st.booleans(),
        "deep": st.integers(0, 2),
        "pool": st.integers(0, 2),
        "dense": st.booleans(),
        "edge": st.integers(0, 1),
    }
)


@SLOW
@given(st.integers(0, 2**32 - 1), HOW)
def test_pictures_in_real_numbers(seed: int, how: dict[str, Any]) -> None:
    """Margins, bounds and constant channels are folded, and answers stay."""
    content, rows = picture(np.random.default_rng(seed), how, pruned=True)
    made = compiled(content, rows={"x": rows})
    assert not {"pad", "relu", "clip"} & set(ops(made))
    own, wanted = answers(content, rows, made)
    assert np.allclose(own, wanted, rtol=1e-5, atol=2e-5)


@SLOW
@given(st.integers(0, 2**32 - 1), HOW, st.booleans())
def test_pictures_in_whole_numbers(tmp_path_factory: pytest.TempPathFactory, seed: int, how: Any, pruned: bool) -> None:
    """The same in the quantised form, to the bit of the graph as it was before the passes."""
    content, rows = picture(np.random.default_rng(seed), {**how, "pad": False, "pool": how["pool"] & 2}, pruned=pruned)
    folder: Path = tmp_path_factory.mktemp("net")
    small = quantised(content, rows, folder, QuantType.QUInt8, each=True)
    made = compiled(small)
    own, wanted = answers(small, rows, made)
    assert np.array_equal(own, wanted)


def test_constant_channels_are_gone() -> None:
    """Of six channels three are pruned and one is not read; a margin keeps one whose constant is not 0."""
    random = np.random.default_rng(3)
    w = random.normal(size=(6, 2, 3)).astype(np.float32)
    w[:3] = 0
    v = random.normal(size=(4, 6, 3)).astype(np.float32)
    v[:, 5] = 0
    bias = np.array([-1, 0.5, 2, 0, 0, 0], np.float32)
    for edge, left in ((0, 2), (1, 4)):
        nodes = [
            node("Conv", ["x", "w", "b"], ["c"]),
            node("Relu", ["c"], ["r"]),
            node("Conv", ["r", "v"], ["y"], pads=[edge, edge]),
        ]
        content = model(nodes, {"x": (FLOAT, ["N", 2, 9])}, ["y"], {"w": w, "b": bias, "v": v}, opset=17)
        rows = random.normal(size=(20, 2, 9)).astype(np.float32)
        made = compiled(content, rows={"x": rows})
        assert made.graph.tensors[made.graph.nodes[0].outputs[0]].shape[1] == left
        own, wanted = answers(content, rows, made)
        assert np.allclose(own, wanted, rtol=1e-5, atol=1e-5)


def test_a_normalisation_behind_a_dense_layer_becomes_weights() -> None:
    """Gemm and BatchNormalization are one layer."""
    random = np.random.default_rng(6)
    constants = {k: random.uniform(0.5, 2, 4).astype(np.float32) for k in "sbmv"}
    constants |= {"w": random.normal(size=(3, 4)).astype(np.float32)}
    nodes = [node("Gemm", ["x", "w"], ["g"], alpha=0.5), node("BatchNormalization", ["g", *"sbmv"], ["y"])]
    content = model(nodes, {"x": (FLOAT, ["N", 3])}, ["y"], constants, opset=17)
    made = compiled(content)
    assert ops(made) == ["gemm"]
    own, wanted = answers(content, random.normal(size=(20, 3)).astype(np.float32), made)
    assert np.allclose(own, wanted, rtol=1e-5, atol=1e-5)


def test_an_elementwise_loop_writes_over_what_it_reads_last() -> None:
    """Two loops between dense layers need no memory of their own; a value that is read again is kept."""
    w = np.eye(8, dtype=np.float32)
    for again, size in ((False, 8), (True, 16)):
        nodes = [
            node("MatMul", ["x", "w"], ["a"]),
            node("Tanh", ["a"], ["b"]),
            node("Softmax", ["b"], ["c"], axis=1),
            node("Add", ["c", "a" if again else "c"], ["y"]),
        ]
        made = compiled(model(nodes, {"x": (FLOAT, ["N", 8])}, ["y"], {"w": w}))
        assert made.sources.plan.bytes <= 4 * (size + 8)
        rows = np.random.default_rng(8).normal(size=(5, 8)).astype(np.float32)
        content = model(nodes, {"x": (FLOAT, ["N", 8])}, ["y"], {"w": w})
        own, wanted = answers(content, rows, made)
        assert np.allclose(own, wanted, rtol=1e-5, atol=1e-6)


def test_equal_operators_are_evaluated_once() -> None:
    """Of two branches that compute the same from the same, with constants of their own, one is left."""
    constants = {k: np.array([[0.5, 2, -1]], np.float32) for k in ("c", "d")} | {"w": np.eye(3, dtype=np.float32)}
    nodes = [
        node("Sub", ["x", "c"], ["a"]),
        node("Sub", ["x", "d"], ["b"]),
        node("Exp", ["a"], ["e"]),
        node("Exp", ["b"], ["f"]),
        node("MatMul", ["e", "w"], ["g"]),
        node("MatMul", ["f", "w"], ["h"]),
        node("Mul", ["g", "h"], ["y"]),
    ]
    content = model(nodes, {"x": (FLOAT, ["N", 3])}, ["y"], constants)
    made = compiled(content)
    assert sorted(ops(made)) == ["exp", "mat_mul", "mul", "sub"]
    own, wanted = answers(content, np.random.default_rng(5).normal(size=(20, 3)).astype(np.float32), made)
    assert np.allclose(own, wanted, rtol=1e-5, atol=1e-6)


def test_a_preparation_is_one_loop_for_each_shape() -> None:
    """What is missing, scaled and its logarithm is one loop, ones for categories another, and none of it is copied."""
    nodes = [
        node(
            "Imputer",
            ["x"],
            ["i"],
            domain="ai.onnx.ml",
            imputed_value_floats=[1.0, 2.0, 3.0],
            replaced_value_float=np.nan,
        ),
        node("Scaler", ["i"], ["s"], domain="ai.onnx.ml", offset=[0.5, 0.25, -1.0], scale=[2.0, 1.0, 0.5]),
        node("Abs", ["s"], ["a"]),
        node("Add", ["a", "one"], ["p"]),
        node("Log", ["p"], ["l"]),
        node("OneHotEncoder", ["c"], ["o"], domain="ai.onnx.ml", cats_int64s=[0, 1, 2, 3]),
        node("Reshape", ["o", "flat"], ["f"]),
        node("Concat", ["l", "f"], ["z"], axis=1),
        node("Gemm", ["z", "w", "b"], ["y"]),
    ]
    random = np.random.default_rng(9)
    constants: dict[str, NDArray[Any]] = {
        "one": np.array(1, np.float32),
        "flat": np.array([-1, 8]),
        "w": random.normal(size=(11, 3)).astype(np.float32),
        "b": random.normal(size=3).astype(np.float32),
    }
    given = {"x": (FLOAT, ["N", 3]), "c": (TensorProto.INT64, ["N", 2])}
    content = model(nodes, given, ["y"], constants)
    made = compiled(content)
    run = made.sources.source[made.sources.source.index("void model_run") :]
    assert run.count("for (") == 2
    assert made.sources.plan.bytes == 11 * 4
    x, c = random.normal(size=(30, 3)).astype(np.float32), random.integers(-1, 5, (30, 2))
    x[random.random((30, 3)) < 0.2] = np.nan
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": x, "c": c})[0]
    assert np.allclose(Host(made.sources).run([x, c])[0], wanted, rtol=1e-5, atol=1e-5)
