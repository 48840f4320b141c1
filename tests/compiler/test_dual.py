"""Layers in whole numbers, with the instructions for two products at once and without: the same bytes, fewer steps."""

from __future__ import annotations

from dataclasses import replace
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
from volvelle.compiler.image import Run
from volvelle.compiler.prove import compiled
from volvelle.compiler.sources import Sources

SWITCH = "#if defined(VV_DSP)"
LAYERS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "point": ((8, 14, 1, 1), (14, 7, 9), {}),
    "rows of three": ((6, 5, 3, 3), (5, 9, 10), {"pads": [1, 1, 1, 1]}),
    "rows of five": ((4, 3, 5, 5), (3, 10, 11), {"pads": [2, 2, 2, 2]}),
    "a signal": ((6, 4, 9), (4, 30), {"pads": [4, 4]}),
    "by itself": ((6, 1, 3, 3), (6, 9, 10), {"pads": [1, 1, 1, 1], "group": 6}),
    "every second place": ((5, 3, 3, 3), (3, 11, 12), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "every third of four": ((5, 2, 2, 4), (2, 9, 17), {"pads": [1, 3, 0, 2], "strides": [1, 3]}),
    "every second of seven": ((3, 2, 7), (2, 30), {"pads": [3, 3], "strides": [2]}),
    "with gaps": ((5, 3, 3, 3), (3, 11, 13), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}),
    "steps and gaps": ((4, 2, 4), (2, 33), {"pads": [3, 3], "strides": [2], "dilations": [2]}),
    "fours in a narrow picture": ((6, 2, 5, 4), (2, 11, 5), {"pads": [2, 3, 2, 3], "strides": [2, 2]}),
    "a narrow picture by itself": ((6, 1, 3, 3), (6, 9, 4), {"pads": [1, 2, 1, 2], "group": 6}),
    "as large as the picture": ((10, 3, 4, 5), (3, 4, 5), {}),
}
PLAIN: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "rows of two": ((5, 3, 2, 2), (3, 9, 8), {}),
    "gaps of two": ((5, 3, 3, 3), (3, 11, 16), {"pads": [3, 3, 3, 3], "dilations": [3, 3]}),
    "a margin wider than windows": ((4, 2, 1, 4), (2, 5, 6), {"pads": [0, 5, 0, 6]}),
    "in groups": ((6, 2, 3, 4), (4, 8, 12), {"pads": [0, 3, 1, 0], "group": 2}),
    "narrow": ((3, 2, 3, 3), (2, 6, 4), {"pads": [1, 2, 1, 0]}),
}


def layer(name: str, folder: Path, kind: QuantType) -> tuple[bytes, NDArray[np.float32]]:
    """One convolution between quantisers, and rows."""
    shape, picture, more = {**LAYERS, **PLAIN}[name]
    random = np.random.default_rng(len(name))
    constants = {
        "w": random.normal(size=shape).astype(np.float32),
        "b": random.normal(size=shape[0]).astype(np.float32),
    }
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["y"], **more)]
    content = bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", *picture])}, ["y"], constants, opset=17))
    rows = random.normal(size=(30, *picture)).astype(np.float32)
    return quantised(content, rows, folder, kind, each=True), rows


def step(sources: Sources, core: str, row: NDArray[np.float32]) -> Run:
    """One row on an emulated core."""
    board = device(core)
    image = TOOLCHAINS.load("zig").build(sources, board)
    ends = [(np.dtype(np.float32), sources.outputs[0][2])]
    run: Run = EMULATORS.load("unicorn").Core(image, board).run([row], ends)
    return run


@pytest.mark.parametrize("name", [*LAYERS, *PLAIN])
def test_every_kind_of_window_answers_as_onnxruntime(name: str, tmp_path: Path) -> None:
    """Whatever window, step, gap, group and margin, on this machine, to the bit."""
    content, rows = layer(name, tmp_path, QuantType.QUInt8)
    made = compiled(content)
    assert "q_conv" in [n.op for n in made.graph.nodes]
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0].reshape(len(rows), -1)
    assert np.array_equal(Host(made.sources).run([rows])[0], wanted)


@pytest.mark.parametrize("kind", [QuantType.QUInt8, QuantType.QInt8])
@pytest.mark.parametrize("name", LAYERS)
def test_two_products_at_once_save_instructions(name: str, kind: QuantType, tmp_path: Path) -> None:
    """On an M4F the form for such cores gives the bytes of the portable form, and takes fewer instructions."""
    content, rows = layer(name, tmp_path, kind)
    made = compiled(content).sources
    assert SWITCH in made.source
    portable = replace(made, source=made.source.replace(SWITCH, "#if 0"))
    quick, slow = (step(s, "cortex-m4f", rows[0]) for s in (made, portable))
    wanted = Host(made).run([rows[:1]])[0][0]
    assert np.array_equal(quick.outputs[0], wanted)
    assert np.array_equal(slow.outputs[0], wanted)
    assert quick.instructions < slow.instructions
