"""Graphs that nobody wrote: what the compiler makes of them answers as onnxruntime does."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.limits import read
from volvelle.compiler.prove import compiled
from volvelle.model.session import Session

MORE = int(os.environ.get("VOLVELLE_EXAMPLES", "100"))
"""Graphs; a nightly run sets a thousand."""
UNARY = "Abs Neg Relu Sigmoid Tanh Exp Softplus LeakyRelu Elu Selu HardSigmoid HardSwish Floor Ceil Sign".split()
BINARY = "Add Sub Mul Max Min".split()
COMPARISONS = "Greater Less GreaterOrEqual LessOrEqual Equal".split()
REDUCTIONS = "ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1 ReduceSumSquare".split()
node = helper.make_node


@dataclass
class Growing:
    """A graph that grows operator by operator; values are named in order, each a row of real numbers."""

    random: np.random.Generator
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=lambda: {"x": 6})

    def pick(self) -> str:
        """Any value there is."""
        return str(self.random.choice(list(self.widths)))

    def constant(self, array: NDArray[Any]) -> str:
        """A constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def real(self, *shape: int) -> str:
        """A constant of small real numbers."""
        return self.constant((self.random.normal(size=shape) * 0.5).astype(np.float32))

    def add(self, width: int, op: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator."""
        name = f"v{len(self.widths)}"
        self.nodes.append(node(op, list(inputs), [name], **attributes))
        self.widths[name] = width
        return name

    def inner(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator whose value is no row of real numbers."""
        name = f"i{len(self.nodes)}"
        self.nodes.append(node(op, list(inputs), [name], **attributes))
        return name


def grow(g: Growing) -> None:
    """One more operator, or a few that belong together."""
    x = g.pick()
    width = g.widths[x]
    match int(g.random.integers(0, 12)):
        case 0 | 1:
            g.add(width, str(g.random.choice(UNARY)), x)
        case 2 | 3:
            others = [n for n, w in g.widths.items() if w in (1, width)]
            other = str(g.random.choice(others)) if g.random.random() < 0.6 else g.real(1, width)
            g.add(width, str(g.random.choice(BINARY)), x, other)
        case 4:
            out = int(g.random.integers(1, 7))
            g.add(out, "Gemm", x, g.real(width, out), g.real(out))
        case 5:
            op = str(g.random.choice(REDUCTIONS))
            if op == "ReduceSum":
                g.add(1, op, x, g.constant(np.array([1])), keepdims=1)
            else:
                g.add(1, op, x, axes=[1], keepdims=1)
        case 6:
            asked = g.inner(str(g.random.choice(COMPARISONS)), x, g.real(1, width))
            g.add(width, "Where", asked, x, g.real(1, width))
        case 7:
            other = g.pick()
            g.add(width + g.widths[other], "Concat", x, other, axis=1)
        case 8:
            places = g.random.integers(-width, width, int(g.random.integers(1, 5)))
            g.add(len(places), "Gather", x, g.constant(places), axis=1)
        case 9:
            g.add(width, str(g.random.choice(["Softmax", "LogSoftmax"])), x, axis=1)
        case 10:
            wide = g.inner("Reshape", x, g.constant(np.array([-1, 1, width])))
            kernel = int(g.random.integers(1, min(width, 3) + 1))
            seen = g.inner("Conv", wide, g.real(2, 1, kernel), g.real(2), pads=[kernel - 1, 0])
            pooled = g.inner("MaxPool", seen, kernel_shape=[1], strides=[1])
            g.add(2 * width, "Reshape", pooled, g.constant(np.array([-1, 2 * width])))
        case _:
            best = g.inner("ArgMax", x, axis=1, keepdims=1)
            g.add(1, "Cast", best, to=TensorProto.FLOAT)


def graph(seed: int, size: int) -> bytes:
    """A graph of so many steps whose last value comes out; values stay small, so that sums can be compared."""
    g = Growing(np.random.default_rng(seed))
    for _ in range(size):
        grow(g)
        if max(g.widths.values()) > 60:
            break
    last = list(g.widths)[-1]
    g.nodes.append(node("Clip", [last, *(g.constant(np.asarray(k, np.float32)) for k in (-50, 50))], ["y"]))
    return bytes(model(g.nodes, {"x": (TensorProto.FLOAT, ["N", 6])}, ["y"], g.constants, opset=17))


@settings(max_examples=MORE, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@example(346, 6)
@given(st.integers(0, 2**32 - 1), st.integers(2, 10))
def test_a_random_graph_answers_as_onnxruntime(seed: int, size: int) -> None:
    """Any graph of the operator set gives the numbers that onnxruntime gives."""
    content = graph(seed, size)
    rows = np.random.default_rng(seed).normal(size=(12, 6)).astype(np.float32)
    wanted = np.asarray(Session(content, check=read).run({"x": rows})["y"]).reshape(len(rows), -1)
    made = Host(compiled(content).sources).run([rows])[0]
    assert np.allclose(made, wanted, rtol=1e-5, atol=2e-5, equal_nan=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_random_graph_runs_on_a_core(seed: int) -> None:
    """An emulated M0, which has neither real arithmetic nor division, gives the same bytes as this machine."""
    made = compiled(graph(seed, 8)).sources
    rows = np.random.default_rng(seed).normal(size=(5, 6)).astype(np.float32)
    board = device("cortex-m0")
    core = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made, board), board)
    ends = [(np.dtype(np.float32), made.outputs[0][2])]
    answers = np.stack([core.run([row], ends).outputs[0] for row in rows])
    assert answers.tobytes() == Host(made).run([rows])[0].tobytes()
