"""Convolutions that are carried out row by row, so that what lies between them is never there as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]
from test_overlaps import bits, both  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS
from volvelle.compiler import lower
from volvelle.compiler.device import device
from volvelle.compiler.golden import golden
from volvelle.compiler.host import Host, sanitized
from volvelle.compiler.image import Run
from volvelle.compiler.prove import Compiled, by_numpy, case_of, compiled
from volvelle.compiler.toolchains import zig

Case = tuple[bytes, NDArray[np.float32]]
node = helper.make_node
BLOCKS: dict[str, dict[str, Any]] = {
    "with a sum": {},
    "with the sum turned round": {"turned": True},
    "in steps of two": {"strides": [2, 2], "sum": False},
    "other channels": {"made": 9, "sum": False},
    "tall windows": {"kernel": (5, 3), "pads": [2, 1, 2, 1]},
    "no margin": {"pads": [0, 0, 0, 0], "sum": False},
    "an uneven margin": {"pads": [0, 1, 2, 1]},
    "steps beyond the window": {"strides": [4, 3], "sum": False},
}


def block(folder: Path, kind: QuantType, **more: Any) -> Case:
    """An inverted residual block between two mixing layers, quantised, and rows."""
    random = np.random.default_rng(5)
    made, inner, kernel = more.get("made", 6), 30, more.get("kernel", (3, 3))
    shapes = {"w0": (6, 3, 1, 1), "w1": (inner, 6, 1, 1), "w2": (inner, 1, *kernel), "w3": (made, inner, 1, 1)}
    shapes["w4"] = (2, made, 1, 1)
    constants = {name: (random.normal(size=s) / s[1] ** 0.5).astype(np.float32) for name, s in shapes.items()}
    constants |= {f"b{k}": random.normal(size=shapes[f"w{k}"][0]).astype(np.float32) for k in range(5)}
    told = {"pads": more.get("pads", [1, 1, 1, 1]), "strides": more.get("strides", [1, 1]), "group": inner}
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["s"]),
        node("Conv", ["s", "w1", "b1"], ["a"]),
        node("Relu", ["a"], ["ra"]),
        node("Conv", ["ra", "w2", "b2"], ["d"], **told),
        node("Relu", ["d"], ["rd"]),
        node("Conv", ["rd", "w3", "b3"], ["p"]),
        node("Add", ["p", "s"] if more.get("turned") else ["s", "p"], ["q"]),
        node("Conv", ["q" if more.get("sum", True) else "p", "w4", "b4"], ["y"]),
    ]
    nodes = [n for n in nodes if n.op_type != "Add" or more.get("sum", True)]
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", 3, 9, 13])}, ["y"], constants, opset=17)
    rows = random.normal(size=(20, 3, 9, 13)).astype(np.float32)
    return quantised(content, rows, folder, kind, each=True), rows


def apart(content: bytes) -> Compiled:
    """With one convolution after another."""
    with mock.patch.object(lower, "PASSES", tuple(p for p in lower.PASSES if p.run.__name__ != "rows")):
        return compiled(content)


def step(made: Compiled, core: str, row: NDArray[np.float32]) -> Run:
    """One row on an emulated core."""
    board = device(core)
    ends = [(np.dtype(np.float32), made.sources.outputs[0][2])]
    run: Run = EMULATORS.load("unicorn").Core(zig.build(made.sources, board), board).run([row], ends)
    return run


@pytest.mark.parametrize("kind", [QuantType.QUInt8, QuantType.QInt8])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_row_by_row_answers_as_onnxruntime(name: str, kind: QuantType, tmp_path: Path) -> None:
    """Whatever window, step, margin and sum: the same bits, on this machine and by NumPy, in less memory."""
    content, rows = block(tmp_path, kind, **BLOCKS[name])
    made, plain = compiled(content), apart(content)
    assert [n.op for n in made.graph.nodes].count("q_rows") == 1
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0].reshape(len(rows), -1)
    own = Host(made.sources).run([rows])[0]
    assert np.array_equal(own, wanted)
    found = by_numpy(case_of(content, made, {"x": rows}, 3, len(rows)))
    assert found.label_differences == 0
    assert made.sources.plan.bytes < 0.8 * plain.sources.plan.bytes


@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m0"])
def test_rows_take_hardly_more_instructions(core: str, tmp_path: Path) -> None:
    """With and without instructions for two products at once: the same bytes, at most a tenth more instructions."""
    content, rows = block(tmp_path, QuantType.QInt8)
    made, plain = compiled(content), apart(content)
    wanted = Host(plain.sources).run([rows[:1]])[0][0]
    ours, theirs = (step(c, core, rows[0]) for c in (made, plain))
    assert np.array_equal(ours.outputs[0], wanted)
    assert np.array_equal(theirs.outputs[0], wanted)
    assert ours.instructions < 1.1 * theirs.instructions


@pytest.mark.parametrize("level", [True, False])
@pytest.mark.parametrize("name", BLOCKS)
def test_rows_over_what_they_read_keep_their_bits(name: str, level: bool, tmp_path: Path) -> None:
    """As near as the rule allows, or level, under sanitizers where they exist, no answer changes."""
    content, rows = block(tmp_path, QuantType.QUInt8, **BLOCKS[name])
    alone, over, pairs = both(content, level, only="q_rows")
    assert pairs
    assert "q_rows" in {n.op for n in over.graph.nodes}
    flat = [rows.reshape(len(rows), -1)]
    assert bits(over, rows) == bits(alone, rows)
    assert sanitized(over.sources, golden(over.sources, flat, Host(alone.sources).run(flat))) in ("", None)


def test_nearer_than_the_rows_allow_changes_answers(tmp_path: Path) -> None:
    """Of a block in steps of two the rule is exact: one element nearer, and something is read too late."""
    content, rows = block(tmp_path, QuantType.QUInt8, **BLOCKS["in steps of two"])
    alone, over, _ = both(content, level=False, only="q_rows")
    _, near, _ = both(content, level=False, closer=1, only="q_rows")
    assert bits(alone, rows) == bits(over, rows) != bits(near, rows)


def pair(channels: int, made: int, whole: bool) -> Case:
    """A depthwise and a pointwise convolution of whole numbers from outside, or of those that a layer before makes."""
    random = np.random.default_rng(2)
    ends = {"s": np.array(0.02, np.float32), "z": np.array(128, np.uint8), "i": np.array(0, np.int8)}
    shapes = {"w0": (channels, channels, 1, 1), "w1": (channels, 1, 3, 3), "w2": (made, channels, 1, 1)}
    constants: dict[str, Any] = ends | {k: random.integers(-90, 91, s).astype(np.int8) for k, s in shapes.items()}
    nodes, last = [node("DequantizeLinear", ["x", "s", "z"], ["v"])], "v"
    for k in range(int(whole), 3):
        told: dict[str, Any] = {"pads": [1, 1, 1, 1], "group": channels} if k == 1 else {}
        nodes += [
            node("DequantizeLinear", [f"w{k}", "s", "i"], [f"r{k}"]),
            node("Conv", [last, f"r{k}"], [f"c{k}"], **told),
            node("QuantizeLinear", [f"c{k}", "s", "z"], [f"q{k}"]),
            node("DequantizeLinear", [f"q{k}", "s", "z"], [f"v{k}"]),
        ]
        last = f"v{k}"
    nodes.append(node("Identity", [last], ["y"]))
    content = model(nodes, {"x": (TensorProto.UINT8, ["N", channels, 10, 10])}, ["y"], constants, opset=17)
    return content, random.integers(0, 256, (8, channels, 10, 10)).astype(np.uint8)


@pytest.mark.parametrize(("made", "whole", "fused"), [(3, True, True), (12, True, False), (12, False, False)])
def test_a_pair_goes_row_by_row_where_that_saves_memory(made: int, whole: bool, fused: bool) -> None:
    """What the caller holds and few channels come out of; not where the second lies level with the first anyway."""
    content, rows = pair(12, made, whole)
    found = compiled(content)
    assert ("q_rows" in {n.op for n in found.graph.nodes}) == fused
    assert found.sources.plan.bytes <= apart(content).sources.plan.bytes * (0.95 if fused else 1)
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": rows})[0].reshape(len(rows), -1)
    assert np.array_equal(Host(found.sources).run([rows])[0], wanted)


def test_the_plan_tells_the_room_of_rows(tmp_path: Path) -> None:
    """The header names the operator, and has a row for the room beside that for what comes out."""
    content, _ = block(tmp_path, QuantType.QInt8)
    told = [line for line in compiled(content).sources.header.splitlines() if line.endswith(": QRows")]
    assert len(told) == 2
