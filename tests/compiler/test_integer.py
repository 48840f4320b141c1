"""Quantised networks in whole numbers, beside onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from volvelle.compiler.device import device
from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled, prove

RANDOM = np.random.default_rng(5)
node = helper.make_node


class Rows(CalibrationDataReader):  # type: ignore[misc]
    """Rows to calibrate with, one by one."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = iter([{"x": rows[k : k + 1]} for k in range(len(rows))])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next row, None behind the last."""
        return next(self._rows, None)


def quantised(content: bytes, rows: NDArray[np.float32], folder: Path, kind: QuantType, *, each: bool) -> bytes:
    """The model with quantisers around every operator."""
    (folder / "float.onnx").write_bytes(content)
    ends = folder / "float.onnx", folder / "int8.onnx"
    how = {"quant_format": QuantFormat.QDQ, "activation_type": kind, "weight_type": QuantType.QInt8}
    quantize_static(*map(str, ends), Rows(rows), per_channel=each, **how)
    return ends[1].read_bytes()


def digits() -> tuple[bytes, NDArray[np.float32]]:
    """A network of 64, 32 and 10 that was trained on handwritten digits, and the rows."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    learnt = MLPClassifier((32,), max_iter=60, tol=0.01, random_state=0).fit(x, y)
    constants = {f"w{k}": w.astype(np.float32) for k, w in enumerate(learnt.coefs_)}
    constants |= {f"b{k}": b.astype(np.float32) for k, b in enumerate(learnt.intercepts_)}
    nodes = [
        node("Gemm", ["x", "w0", "b0"], ["h"]),
        node("Relu", ["h"], ["r"]),
        node("Gemm", ["r", "w1", "b1"], ["y"]),
    ]
    return model(nodes, {"x": (TensorProto.FLOAT, ["N", 64])}, ["y"], constants, opset=17), x


def picture() -> tuple[bytes, NDArray[np.float32]]:
    """A network with a convolution, a depthwise and a pointwise one, a sum, pools and a dense end."""

    def real(*shape: int) -> NDArray[np.float32]:
        return (RANDOM.normal(size=shape) * 0.3).astype(np.float32)

    constants: dict[str, NDArray[Any]] = {
        "w0": real(8, 1, 3, 3),
        "w1": real(8, 1, 3, 3),
        "w2": real(12, 8, 1, 1),
        "w3": real(12, 10),
        **{f"b{k}": real(n) for k, n in enumerate((8, 8, 12, 10))},
    }
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["c0"], ["r0"]),
        node("Conv", ["r0", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], group=8),
        node("Relu", ["c1"], ["r1"]),
        node("Add", ["r0", "r1"], ["a"]),
        node("Conv", ["a", "w2", "b2"], ["c2"]),
        node("MaxPool", ["c2"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("GlobalAveragePool", ["p"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "w3", "b3"], ["y"]),
    ]
    rows = RANDOM.normal(size=(300, 1, 16, 16)).astype(np.float32)
    return model(nodes, {"x": (TensorProto.FLOAT, ["N", 1, 16, 16])}, ["y"], constants, opset=17), rows


@pytest.mark.parametrize(
    ("build", "kind"), [(digits, QuantType.QInt8), (digits, QuantType.QUInt8), (picture, QuantType.QUInt8)]
)
@pytest.mark.parametrize("each", [False, True])
def test_a_quantised_network_answers_as_onnxruntime_to_the_bit(
    build: Any, kind: QuantType, each: bool, tmp_path: Path
) -> None:
    """No answer differs from that of onnxruntime, and no operator between quantisers is left in real numbers."""
    content, rows = build()
    small = quantised(content, rows[:60], tmp_path, kind, each=each)
    made = compiled(small)
    left = {n.op for n in made.graph.nodes} - {"quantize_linear", "dequantize_linear", "max_pool", "flatten", "reshape"}
    assert left <= {"q_dense", "q_conv", "q_add", "q_mean"}
    wanted = onnxruntime.InferenceSession(small).run(None, {"x": rows})[0]
    assert np.array_equal(Host(made.sources).run([rows])[0], wanted)


def test_whole_numbers_are_smaller_and_faster_than_real_ones(tmp_path: Path) -> None:
    """On an M4F, the int8 form of the digits network takes under half the flash, less RAM and fewer instructions."""
    content, rows = digits()
    small = quantised(content, rows[:60], tmp_path, QuantType.QInt8, each=True)
    proofs = [prove(c, compiled(c), device("cortex-m4f"), {"x": rows[:40]}) for c in (content, small)]
    assert all(p.agrees() for p in proofs)
    assert proofs[1].flash < proofs[0].flash / 2
    assert proofs[1].ram < proofs[0].ram
    assert proofs[1].instructions.most < proofs[0].instructions.most
