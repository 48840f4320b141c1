"""Single precision in place of double, small tables, and that nothing changes from one compile to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import line, model  # type: ignore[import-not-found]

from volvelle.compiler.device import device
from volvelle.compiler.prove import compiled, prove
from volvelle.compiler.records import Precision
from volvelle.compiler.toolchains import zig


def wide(weights: NDArray[Any], bias: NDArray[Any]) -> bytes:
    """Shares of classes from a linear map in double precision, as estimators export it."""
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.DOUBLE),
        helper.make_node("Gemm", ["wide", "w", "b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=1),
        helper.make_node("Cast", ["shares"], ["y"], to=TensorProto.FLOAT),
    ]
    made: bytes = model(nodes, {"x": (TensorProto.FLOAT, ["N", len(weights)])}, ["y"], {"w": weights, "b": bias})
    return made


def test_single_precision_where_it_agrees() -> None:
    """Small logits give the same shares in single precision, for a fraction of the instructions."""
    random = np.random.default_rng(3)
    content = wide(random.normal(0, 0.001, (8, 3)), random.normal(0, 1, 3))
    made, written = compiled(content, "m"), compiled(content, "m", precision="as written")
    found, before = (prove(content, m, device("cortex-m4f")) for m in (made, written))
    assert (made.precision, found.precision, before.precision) == ("single", "single", "as written")
    assert found.agrees()
    assert before.agrees()
    assert found.instructions.most * 5 < before.instructions.most
    assert found.flash < before.flash


def test_double_precision_where_single_would_differ() -> None:
    """Terms of 10^5 that cancel leave nothing of a logit in single precision: double is kept, chosen by measurement."""
    weights = np.array([[1e5, 0.0], [-1e5, 1.0]])
    content = wide(weights, np.array([0.1, 0.2]))
    rows = {"x": np.repeat(np.random.default_rng(5).normal(size=(50, 1)), 2, axis=1).astype(np.float32)}
    rows["x"][:, 1] *= np.float32(1 + 2**-20)
    made = compiled(content, "m", rows=rows)
    assert made.precision == "as written"
    assert prove(content, made, device("cortex-m4f"), rows).agrees()


@pytest.mark.parametrize("shape", [(40, 3), (7, 5), (300, 2)])
@pytest.mark.parametrize("kind", ["floats", "whole", "mostly zero", "large"])
def test_weights_in_every_type(shape: tuple[int, int], kind: str) -> None:
    """Whatever type a table gets, sparse or not, the C answers as onnxruntime does."""
    random = np.random.default_rng(9)
    weights: NDArray[np.floating[Any]] = random.normal(0, 0.01, shape)
    if kind != "floats":
        weights = random.integers(-3, 4, shape) * (500.0 if kind == "large" else 1.0) * 2.0**-9
        weights = np.rint(weights) if kind == "large" else weights
    if kind == "whole":
        weights = random.integers(-2, 3, shape).astype(np.float64)
    if kind == "mostly zero":
        weights[random.random(shape) < 0.95] = 0.0
    content = wide(weights, np.zeros(shape[1]))
    precisions: tuple[Precision, ...] = ("single", "as written")
    for precision in precisions:
        made = compiled(content, "m", precision=precision)
        rows = {"x": random.normal(0, 1, (20, shape[0])).astype(np.float32)}
        own = prove(content, made, device("cortex-m4f"), rows).parity
        assert {p.label_differences for p in own} == {0}
        assert precision == "single" or max(p.largest for p in own) <= 1e-5


def test_whole_weights_take_a_byte() -> None:
    """A matrix of small whole numbers takes a byte a number in flash."""
    random = np.random.default_rng(2)
    whole = random.integers(1, 9, (400, 4)).astype(np.float64)
    flash = [
        zig.build(compiled(wide(w, np.zeros(4)), "m", precision="single").sources, device("cortex-m4f")).flash
        for w in (whole, whole + 0.125)
    ]
    assert flash[1] - flash[0] == pytest.approx(3 * whole.size, abs=32)


@pytest.mark.parametrize("goal", ["size", "speed"])
def test_two_compiles_are_equal(goal: Any) -> None:
    """One file gives the same bytes of C twice."""
    content = wide(np.eye(4), np.arange(4.0))
    for given in (content, line()):
        first, second = compiled(given, "m", goal), compiled(given, "m", goal)
        assert (first.sources.header, first.sources.source) == (second.sources.header, second.sources.source)
