"""Residual blocks in real numbers: sum and bound are made where the convolution before them makes its answers."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler import lower
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import Compiled, compiled

node = helper.make_node
SIDE, CHANNELS = 9, 4
PICTURE = SIDE * SIDE * CHANNELS


def block(*, size: int = 3, turned: bool = False, bound: str = "Relu", again: bool = False, before: str = "") -> bytes:
    """Two convolutions, the second of windows of `size`, a sum with what went in, and a bound behind it."""
    random = np.random.default_rng(4)
    shapes = {"w0": (CHANNELS, 1, 3, 3), "w1": (CHANNELS, CHANNELS, 3, 3), "w2": (CHANNELS, CHANNELS, size, size)}
    constants = {k: (random.normal(size=s) / 3).astype(np.float32) for k, s in shapes.items()}
    constants |= {"b2": random.normal(size=CHANNELS).astype(np.float32), "six": np.asarray(6, np.float32)}
    around: dict[str, Any] = {"pads": [1, 1, 1, 1]}
    last = before or "c2"
    nodes = [
        node("Conv", ["x", "w0"], ["r0"], **around),
        node("Conv", ["r0", "w1"], ["c1"], **around),
        node("Relu", ["c1"], ["r1"]),
        node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[size // 2] * 4),
        *([node("Relu", ["c2"], [before])] if before else []),
        node("Add", ["r0", last] if turned else [last, "r0"], ["a"]),
        *([node(bound, ["a", "", "six"] if bound == "Clip" else ["a"], ["s"])] if bound else []),
        *([node("Mul", ["s", "r0"], ["m"])] if again else []),
        node("AveragePool", ["m" if again else "s" if bound else "a"], ["y"], kernel_shape=[3, 3]),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, SIDE, SIDE])}, ["y"], constants, opset=17))


def apart(content: bytes) -> Compiled:
    """With one operator after another."""
    with mock.patch.object(lower, "PASSES", tuple(p for p in lower.PASSES if p.run.__name__ != "joined")):
        return compiled(content)


@pytest.mark.parametrize(
    ("told", "joined"),
    [
        ({}, True),
        ({"turned": True, "bound": "Clip"}, True),
        ({"bound": ""}, True),
        ({"size": 1}, True),
        ({"before": "r2"}, False),
        ({"again": True}, False),
    ],
)
def test_a_residual_block_of_real_numbers_needs_two_pictures(told: dict[str, Any], joined: bool) -> None:
    """The same bits as one operator after another, near those of onnxruntime; none where the shortcut is read again."""
    content = block(**told)
    made, plain = compiled(content), apart(content)
    assert ("join" in {n.op for n in made.graph.nodes}) == joined
    assert not joined or not {"add", "relu", "clip"} & {n.op for n in made.graph.nodes}
    assert (made.sources.plan.bytes == 4 * 2 * PICTURE) or not joined
    rows = np.random.default_rng(5).normal(size=(20, 1, SIDE, SIDE)).astype(np.float32)
    own = Host(made.sources).run([rows])[0]
    assert np.array_equal(own, Host(plain.sources).run([rows])[0])
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0]
    assert np.allclose(own, wanted.reshape(own.shape), rtol=1e-5, atol=1e-5)


def test_a_sum_in_the_convolution_saves_memory_and_instructions_on_a_core() -> None:
    """On a Cortex-M4F: the bits of this machine, a quarter less memory, fewer instructions."""
    board, row = device("cortex-m4f"), np.random.default_rng(6).normal(size=(1, PICTURE // CHANNELS)).astype(np.float32)
    counts = []
    for made in (compiled(block()), apart(block())):
        core = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made.sources, board), board)
        run = core.run([row[0]], [(np.dtype(np.float32), made.sources.outputs[0][2])])
        assert np.array_equal(run.outputs[0], Host(made.sources).run([row])[0][0])
        counts.append((made.sources.plan.bytes, run.instructions))
    assert 4 * counts[0][0] <= 3 * counts[1][0]
    assert counts[0][1] < counts[1][1]
