"""Sums of whole numbers brought back to int8 without a floating-point unit: the same answers as with one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled, prove

SOFT = "#if defined(__thumb__) && !defined(__ARM_FP) || defined(__riscv) && !defined(__riscv_flen)"
"""What chooses the form in whole numbers."""
CHANNELS = 6000
node = helper.make_node


def layer(zero: int, kind: type[np.generic], seed: int, relu: bool, near: float) -> bytes:
    """A layer of which every channel has a sum of its own, and a scale of its own, from 2 ** -near on."""
    random = np.random.default_rng(seed)
    scale = np.exp2(random.uniform(-near, 3, CHANNELS)).astype(np.float32)
    # Halves to be rounded to even, and answers on both sides of the bounds.
    scale[: CHANNELS // 4] = np.exp2(np.rint(np.log2(scale[: CHANNELS // 4])))
    wanted = random.uniform(-300, 300, CHANNELS)
    wanted[: CHANNELS // 4] = np.rint(wanted[: CHANNELS // 4]) + random.choice([0.5, 0.0], CHANNELS // 4)
    sums = np.clip(np.rint(wanted / scale), -(2**31) + 2**17, 2**31 - 2**17)
    sums[-20:] = random.choice([-(2**31) + 2**17, 2**31 - 2**17, 0, 1, -1], 20)
    constants: dict[str, NDArray[Any]] = {
        "one": np.array(1, np.float32),
        "zero": np.array(0, kind),
        "w": random.integers(-3, 4, (1, CHANNELS)).astype(np.int8),
        "wz": np.zeros(CHANNELS, np.int8),
        "scale": scale,
        "b": sums.astype(np.int32),
        "bz": np.zeros(CHANNELS, np.int32),
        "end": np.array(zero, kind),
    }
    nodes = [
        node("QuantizeLinear", ["x", "one", "zero"], ["q"]),
        node("DequantizeLinear", ["q", "one", "zero"], ["d"]),
        node("DequantizeLinear", ["w", "scale", "wz"], ["dw"], axis=1),
        node("DequantizeLinear", ["b", "scale", "bz"], ["db"], axis=0),
        node("Gemm", ["d", "dw", "db"], ["s"]),
        *([node("Relu", ["s"], ["r"])] if relu else []),
        node("QuantizeLinear", ["r" if relu else "s", "one", "end"], ["p"]),
        node("DequantizeLinear", ["p", "one", "end"], ["y"]),
    ]
    return bytes(model(nodes, {"x": (TensorProto.FLOAT, ["N", 1])}, ["y"], constants, opset=17))


@pytest.mark.parametrize("near", [8, 16, 30])
@pytest.mark.parametrize(
    ("zero", "kind", "relu"), [(0, np.int8, False), (-128, np.int8, True), (37, np.int8, True), (200, np.uint8, False)]
)
def test_whole_numbers_round_as_real_ones(zero: int, kind: type[np.generic], relu: bool, near: float) -> None:
    """Of many sums and scales, halves and ends among them, no answer differs."""
    for seed in range(3):
        content = layer(zero, kind, seed, relu, near)
        made = compiled(content)
        assert SOFT in made.sources.source
        soft = replace(made.sources, source=made.sources.source.replace(SOFT, "#if 1"))
        rows = np.arange(4, dtype=np.float32).reshape(-1, 1)
        real, whole = (Host(sources).run([rows])[0] for sources in (made.sources, soft))
        assert len(np.unique(real)) > 80
        assert np.array_equal(whole, real)


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3", "rv32imac"])
def test_cores_without_a_floating_point_unit_give_the_same_bits(core: str) -> None:
    """Where the form in whole numbers is chosen, the emulated core answers as onnxruntime does."""
    content = layer(-5, np.int8, 9, False, 14)
    rows = {"x": np.arange(-8, 8, dtype=np.float32).reshape(-1, 1)}
    found = prove(content, compiled(content, rows=rows), device(core), rows)
    assert found.agrees()
    assert {p.largest for p in found.parity} == {0.0}
