"""Layers between quantisers whose bias is of real numbers, of another scale, or missing, beside onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.host import Host
from volvelle.compiler.prove import Compiled, compiled

node = helper.make_node
PLAIN = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
SHAPES = {"Conv": (4, 5, 5), "Gemm": (16,), "MatMul": (16,)}
SCALE, BACK = np.float32(0.0171), np.float32(0.053)


def layer(op: str, bias: str, kind: type[np.generic] = np.uint8, **how: Any) -> bytes:
    """One layer between quantisers of six answers.

    Args:
        op: Conv, Gemm or MatMul.
        bias: none, real, added, int32, or other, which is int32 of another scale.
        kind: of what goes in and comes out.
        how: each (a scale for every answer), act (the operators before the last quantiser), end (whether there is
            one), zero (the zero point there), weights (behind Q and DQ in the file, as training with quantisers
            leaves them).
    """
    random = np.random.default_rng(3)
    shape = {"Conv": (6, 4, 3, 3), "Gemm": (6, 16), "MatMul": (16, 6)}[op]
    axis = int(op == "MatMul")
    scale = random.uniform(0.002, 0.02, 6 if how.get("each") else ()).astype(np.float32)
    point = np.zeros(scale.shape, np.int8)
    # Some lie in the middle of two steps of the sums.
    real = random.normal(size=6).astype(np.float32)
    real[:3] = ((np.rint(real / (SCALE * scale)) + np.float32(0.5)) * (SCALE * scale))[:3]
    other = SCALE * scale * np.float32(1.5 if bias == "other" else 1)
    constants: dict[str, NDArray[Any]] = {
        "sx": np.asarray(SCALE),
        "zx": np.asarray(7, kind),
        "sy": np.asarray(BACK),
        "zy": np.asarray(how.get("zero", 5), kind),
        "ws": scale,
        "wz": point,
        "w": random.integers(-127, 128, shape).astype(np.int8),
        "b": np.rint(real / other).astype(np.int32) if bias in ("int32", "other") else real,
        "bs": other,
        "bz": np.zeros(scale.shape, np.int32),
        "zero": np.asarray(0, np.float32),
        "six": np.asarray(6, np.float32),
    }
    nodes = [node("QuantizeLinear", ["x", "sx", "zx"], ["q"]), node("DequantizeLinear", ["q", "sx", "zx"], ["d"])]
    weights = "w"
    if how.get("weights"):
        constants["w"] = (random.normal(size=shape) * 0.5).astype(np.float32)
        nodes.append(node("QuantizeLinear", ["w", "ws", "wz"], ["wq"], axis=axis))
        weights = "wq"
    nodes.append(node("DequantizeLinear", [weights, "ws", "wz"], ["dw"], axis=axis))
    given = {"real": ["b"], "int32": ["db"], "other": ["db"]}.get(bias, [])
    if "db" in given:
        nodes.append(node("DequantizeLinear", ["b", "bs", "bz"], ["db"], axis=0))
    turned: dict[str, Any] = {"transB": 1} if op == "Gemm" else {}
    nodes.append(node(op, ["d", "dw", *given], ["s"], **turned))
    last = "s"
    if bias == "added":
        nodes.append(node("Add", ["b", last], ["a"]))
        last = "a"
    if act := how.get("act"):
        nodes.append(node(act, [last, *(["zero", "six"] if act == "Clip" else [])], ["r"]))
        last = "r"
    if how.get("end", True):
        nodes += [node("QuantizeLinear", [last, "sy", "zy"], ["p"]), node("DequantizeLinear", ["p", "sy", "zy"], ["y"])]
    else:
        nodes.append(node("Identity", [last], ["y"]))
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", *SHAPES[op]])}, ["y"], constants, opset=17))


def answers(content: bytes, made: Compiled, op: str, level: Any = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Those of the C and of onnxruntime, at a level of its optimisation."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if level is not None:
        options.graph_optimization_level = level
    rows = np.random.default_rng(4).normal(size=(400, *SHAPES[op])).astype(np.float32)
    wanted = onnxruntime.InferenceSession(content, options).run(None, {"x": rows})[0].reshape(len(rows), -1)
    return Host(made.sources).run([rows.reshape(len(rows), -1)])[0], wanted


def ops(made: Compiled) -> set[str]:
    """What is left beside the ends."""
    return {n.op for n in made.graph.nodes} - {"quantize_linear", "dequantize_linear"}


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize(
    ("op", "bias"),
    [("Conv", "real"), ("Conv", "none"), ("Gemm", "real"), ("Gemm", "none"), ("MatMul", "added"), ("MatMul", "none")],
)
def test_a_bias_of_real_numbers_is_rounded_as_onnxruntime_does(op: str, bias: str, kind: Any, each: bool) -> None:
    """The layer is one of whole numbers, with or without a Relu or Clip before the quantiser, and no answer differs."""
    for act, zero in ((None, 5), ("Relu", int(np.iinfo(kind).min)), ("Relu", 5), ("Clip", 5)):
        content = layer(op, bias, kind, each=each, act=act, zero=zero)
        made = compiled(content)
        assert ops(made) == {"q_conv" if op == "Conv" else "q_dense"}
        own, wanted = answers(content, made, op)
        assert len(np.unique(wanted)) > 20
        assert np.array_equal(own, wanted)


@pytest.mark.parametrize(("op", "bias"), [("Gemm", "real"), ("MatMul", "added"), ("MatMul", "none"), ("Gemm", "int32")])
def test_a_last_layer_keeps_its_real_bias(op: str, bias: str) -> None:
    """Where nothing quantises them again, sums are whole numbers, and a bias of real numbers is added to them."""
    content = layer(op, bias, each=True, end=False)
    made = compiled(content)
    assert ops(made) == ({"q_dense", "add"} if bias in ("real", "added") else {"q_dense"})
    own, wanted = answers(content, made, op)
    assert np.allclose(own, wanted, rtol=1e-6, atol=1e-5)
    assert bias in ("real", "added") or np.array_equal(own, wanted)


@pytest.mark.parametrize("op", ["Conv", "Gemm"])
def test_a_bias_of_another_scale_stays_what_the_file_says(op: str) -> None:
    """An int32 bias in another scale than that of the sums is taken at its word: as onnxruntime without fusions does.

    With them it takes a dense layer's bias for one of the usual scale.
    """
    content = layer(op, "other")
    made = compiled(content)
    assert not ops(made) & {"q_conv", "q_dense"}
    own, wanted = answers(content, made, op, PLAIN)
    assert np.mean(own != wanted) < 0.002
    assert np.abs(own - wanted).max() < 1.5 * BACK


@pytest.mark.parametrize("op", ["Conv", "Gemm", "MatMul"])
def test_real_weights_behind_quantisers_are_folded(op: str) -> None:
    """Weights that the file quantises itself, as training with quantisers leaves them, become int8 in the C."""
    content = layer(op, "added" if op == "MatMul" else "real", each=True, weights=True)
    made = compiled(content)
    assert ops(made) == {"q_conv" if op == "Conv" else "q_dense"}
    assert (
        made.graph.tensors[next(n for n in made.graph.nodes if n.op in ("q_conv", "q_dense")).inputs[1]].dtype
        == np.int8
    )
    own, wanted = answers(content, made, op)
    assert np.array_equal(own, wanted)
