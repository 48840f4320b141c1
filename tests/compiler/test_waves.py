"""Sine and cosine in C, of angles of any size."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled, prove
from volvelle.errors import ModelError

QUARTERS = (np.arange(1, 3000) * np.pi / 2).astype(np.float32)


def waves(kind: int = TensorProto.FLOAT) -> bytes:
    """Sine and cosine of an angle."""
    nodes = [helper.make_node(op, ["x"], [op.lower()]) for op in ("Sin", "Cos")]
    content: bytes = model(nodes, {"x": (kind, ["N", 1])}, ["sin", "cos"], kinds=dict.fromkeys(("sin", "cos"), kind))
    return content


def test_angles_of_any_size_have_their_sine() -> None:
    """From 1e-38 to the largest number, and beside the zeros of both, C is within 2 parts in 10^7 of the truth."""
    sizes = np.geomspace(1e-38, np.finfo(np.float32).max, 20_000).astype(np.float32)
    angles = np.concatenate([sizes, -sizes, QUARTERS, np.nextafter(QUARTERS, np.float32(0)), -QUARTERS])
    made = Host(compiled(waves()).sources).run([angles[:, None]])
    for own, exact in zip(made, (np.sin, np.cos), strict=True):
        wanted = exact(angles.astype(np.float64))
        assert np.abs(own[:, 0] / wanted - 1).max() < 2e-7


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4f", "rv32imac"])
def test_a_core_knows_circles(core: str) -> None:
    """Every answer of the emulated core agrees with onnxruntime's, for infinite numbers and the largest ones too."""
    made = compiled(waves(), "m")
    assert prove(waves(), made, device(core)).agrees()


def test_angles_in_double_precision_are_refused() -> None:
    """The next move is told."""
    with pytest.raises(ModelError, match="of double is not compiled") as caught:
        compiled(waves(TensorProto.DOUBLE))
    assert "cast the angle to float" in str(caught.value)
