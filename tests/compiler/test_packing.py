"""Weights in codes of their own: what is chosen, what it saves, and that answers stay to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import QuantType
from test_integer import quantised  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS
from volvelle.compiler import packing
from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.packing import marks, prefix
from volvelle.compiler.prove import compiled
from volvelle.compiler.toolchains import zig

WEIGHTS = st.lists(st.integers(-128, 127), min_size=1, max_size=60)


@given(WEIGHTS)
def test_marks_and_codes_say_what_they_are_made_of(weights: list[int]) -> None:
    """Read back as the kernels read them, both forms give the weights."""
    flat = np.array(weights, np.int8)
    bits, values = marks(flat).tables
    left = iter(values.tolist())
    assert [next(left) if bits[k >> 3] >> (k & 7) & 1 else 0 for k in range(len(flat))] == weights
    data, counts, symbols = prefix(flat).tables
    stream, read = iter(np.unpackbits(data).tolist()), []
    for _ in weights:
        code = first = place = 0
        for count in counts.tolist():
            code |= next(stream)
            if code - first < count:
                break
            place, first, code = place + count, (first + count) << 1, code << 1
        read.append(int(symbols[place + code - first]))
    assert read == weights


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 5), min_size=2, max_size=40))
def test_a_code_is_no_longer_than_its_entropy_and_a_bit(shares: list[float]) -> None:
    """A prefix code takes at least the entropy, and at most a bit a weight more."""
    counts = np.maximum(np.rint(np.array(shares) * 20), 1).astype(int)
    flat = np.repeat(np.arange(len(counts)), counts).astype(np.int8)
    p = counts / counts.sum()
    entropy = float(-(p * np.log2(p)).sum()) * len(flat)
    assert entropy / 8 - 1 <= prefix(flat).tables[0].nbytes <= (entropy + len(flat)) / 8 + 1


def network(kind: str) -> tuple[bytes, NDArray[np.float32]]:
    """A convolution, a pointwise one and two dense layers with weights of a kind."""
    random = np.random.default_rng(21)

    def real(*shape: int) -> NDArray[np.float32]:
        made = random.uniform(-1, 1, shape)
        if kind == "pruned":
            made[random.random(shape) < 0.85] = 0
        if kind == "few":
            made = np.rint(random.standard_t(1.2, shape)) / 40
        return made.clip(-1, 1).astype(np.float32)

    constants: dict[str, NDArray[Any]] = {"c": real(16, 2, 3, 3), "p": real(24, 16, 1, 1)}
    constants |= {"v": real(24 * 36, 12), "u": real(12, 6), "b": real(12)}
    nodes = [
        helper.make_node("Conv", ["x", "c"], ["d"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("Conv", ["e", "p"], ["f"]),
        helper.make_node("Relu", ["f"], ["g"]),
        helper.make_node("Flatten", ["g"], ["h"]),
        helper.make_node("Gemm", ["h", "v", "b"], ["i"]),
        helper.make_node("Relu", ["i"], ["j"]),
        helper.make_node("Gemm", ["j", "u"], ["y"]),
    ]
    rows = random.normal(size=(40, 2, 6, 6)).astype(np.float32)
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 2, 6, 6])}, ["y"], constants, opset=17)), rows


@pytest.mark.parametrize(("kind", "how"), [("pruned", "marks"), ("few", "prefix"), ("even", "")])
def test_what_is_smaller_is_chosen(kind: str, how: str, tmp_path: Path) -> None:
    """Pruned weights are marked, unevenly spread ones coded, others left; answers stay, what is saved was foretold."""
    content, rows = network(kind)
    small = quantised(content, rows, tmp_path, QuantType.QUInt8, each=True)
    made, fast = compiled(small), compiled(small, goal="speed")
    packed = packing.chosen(made.graph)
    assert {p.how for p in packed.values()} == ({how} if how else set())
    wanted = onnxruntime.InferenceSession(small).run(None, {"x": rows})[0]
    flash: dict[str, list[int]] = {}
    for one in (made, fast):
        assert np.array_equal(Host(one.sources).run([rows.reshape(40, -1)])[0], wanted)
        for core in ("cortex-m4f", "rv32imac"):
            board = device(core)
            image = zig.build(one.sources, board)
            emulated = EMULATORS.load("unicorn").Core(image, board)
            assert np.array_equal(emulated.run([rows[0]], [(np.dtype(np.float32), 6)]).outputs[0], wanted[0])
            flash.setdefault(core, []).append(image.flash)
    plain = sum(made.graph.tensors[name].size for name in packed)
    foretold = (
        plain - sum(p.bytes for p in packed.values()) - sum(packing.PROGRAM[h] for h in {how} & {*packing.PROGRAM})
    )
    assert flash["cortex-m4f"][1] - flash["cortex-m4f"][0] == pytest.approx(foretold, rel=0.05, abs=64)
