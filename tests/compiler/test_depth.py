"""Convolutions of each channel by itself, in real and in whole numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled

RANDOM = np.random.default_rng(17)


def network(kernel: tuple[int, int], more: dict[str, Any], sides: tuple[int, int] = (7, 9)) -> bytes:
    """A depthwise convolution of five channels, a Relu, and what is mixed of them."""
    constants: dict[str, NDArray[Any]] = {
        "w": RANDOM.normal(size=(5, 1, *kernel)).astype(np.float32),
        "b": RANDOM.normal(size=5).astype(np.float32),
        "p": RANDOM.normal(size=(3, 5, 1, 1)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["d"], group=5, **more),
        helper.make_node("Relu", ["d"], ["r"]),
        helper.make_node("Conv", ["r", "p"], ["y"]),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 5, *sides])}, ["y"], constants, opset=17))


WAYS: list[tuple[tuple[int, int], dict[str, Any]]] = [
    ((3, 3), {"pads": [1, 1, 1, 1]}),
    ((3, 3), {"strides": [2, 2], "pads": [0, 1, 1, 2]}),
    ((3, 3), {}),
    ((5, 2), {"pads": [4, 1, 3, 0]}),
    ((1, 4), {"strides": [1, 3]}),
    ((2, 3), {"dilations": [2, 1], "pads": [1, 1, 1, 1]}),
]


@pytest.mark.parametrize(("kernel", "more"), WAYS)
def test_each_channel_by_itself_in_real_numbers(kernel: tuple[int, int], more: dict[str, Any]) -> None:
    """Whatever window, stride and margin, the answers are those of onnxruntime."""
    content = network(kernel, more)
    rows = RANDOM.normal(size=(8, 5, 7, 9)).astype(np.float32)
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0].reshape(8, -1)
    assert np.allclose(Host(compiled(content).sources).run([rows])[0], wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kernel", "more"), WAYS)
@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m3"])
def test_each_channel_by_itself_in_whole_numbers(
    kernel: tuple[int, int], more: dict[str, Any], core: str, tmp_path: Path
) -> None:
    """With and without instructions for two products at once, the answers are those of onnxruntime to the bit."""
    rows = RANDOM.normal(size=(40, 5, 7, 9)).astype(np.float32)
    content = quantised(network(kernel, more), rows, tmp_path, QuantType.QUInt8, each=True)
    made = compiled(content)
    assert {"q_conv"} <= {n.op for n in made.graph.nodes}
    board = device(core)
    emulated = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(made.sources, board), board)
    ends = [(np.dtype(np.float32), made.sources.outputs[0][2])]
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0].reshape(40, -1)
    assert np.array_equal(Host(made.sources).run([rows])[0], wanted)
    for row, answer in zip(rows[:4], wanted, strict=False):
        assert np.array_equal(emulated.run([row], ends).outputs[0], answer)
