"""Working memory of two int8 networks, with every value apart and with what kernels may write over what they read.

The networks have the layers of DS-CNN (keywords in sound, 49 x 10) and of a quarter of MobileNet (pictures, 96 x 96),
as in MLPerf Tiny, in the QDQ form, with random weights: memory and instructions do not depend on what was learnt.

    python -m bench.memory [--device cortex-m4f]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from volvelle.compiler import loops, place
from volvelle.compiler.device import device
from volvelle.compiler.emulators import unicorn
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.toolchains import zig

CLASSES = 12
Constants = dict[str, NDArray[np.float32]]


class Layers:
    """Layers one after another."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape, self.nodes, self.constants = shape, list[NodeProto](), Constants()
        self._random, self._channels = np.random.default_rng(7), shape[0]

    def conv(self, made: int, kernel: tuple[int, int], stride: int, *, deep: bool = False) -> None:
        """A convolution with a margin, and a bound at 0."""
        inner, group = (1, self._channels) if deep else (self._channels, 1)
        w, b = f"w{len(self.nodes)}", f"b{len(self.nodes)}"
        fan = inner * kernel[0] * kernel[1]
        self.constants[w] = (self._random.normal(size=(made, inner, *kernel)) / fan**0.5).astype(np.float32)
        self.constants[b] = (self._random.normal(size=made) / 10).astype(np.float32)
        self._add("Conv", w, b, strides=[stride, stride], auto_pad="SAME_UPPER", group=group)
        self._add("Relu")
        self._channels = made

    def block(self, made: int, stride: int = 1) -> None:
        """A convolution of each channel by itself, and one across them."""
        self.conv(self._channels, (3, 3), stride, deep=True)
        self.conv(made, (1, 1), 1)

    def ending(self) -> bytes:
        """Means, a dense layer and shares: the ONNX file."""
        self._add("GlobalAveragePool")
        self._add("Flatten")
        self.constants["v"] = self._random.normal(size=(self._channels, CLASSES)).astype(np.float32)
        self.constants["u"] = np.zeros(CLASSES, np.float32)
        self._add("Gemm", "v", "u")
        ends = [("x", [1, *self.shape]), (self._last, [1, CLASSES])]
        infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in ends]
        tables = [numpy_helper.from_array(a, n) for n, a in self.constants.items()]
        graph = helper.make_graph(self.nodes, "network", infos[:1], infos[1:], tables)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
        return bytes(made.SerializeToString())

    @property
    def _last(self) -> str:
        return self.nodes[-1].output[0] if self.nodes else "x"

    def _add(self, op: str, *constants: str, **more: Any) -> None:
        self.nodes.append(helper.make_node(op, [self._last, *constants], [f"v{len(self.nodes)}"], **more))


def ds_cnn() -> Layers:
    """One convolution of 10 x 4, then four blocks of 64 channels."""
    net = Layers((1, 49, 10))
    net.conv(64, (10, 4), 2)
    for _ in range(4):
        net.block(64)
    return net


def mobile() -> Layers:
    """MobileNet, version 1, of a quarter of the channels."""
    net = Layers((3, 96, 96))
    net.conv(8, (3, 3), 2)
    for made, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *((128, 1),) * 5, (256, 2), (256, 1)):
        net.block(made, stride)
    return net


class Rows(CalibrationDataReader):  # type: ignore[misc]
    """Rows to calibrate with, one by one."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = iter(rows)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next row, None behind the last."""
        row = next(self._rows, None)
        return None if row is None else {"x": row[None]}


def quantised(net: Layers) -> tuple[bytes, NDArray[np.float32]]:
    """A network in the QDQ form, and rows of it."""
    rows = np.random.default_rng(3).normal(size=(4, *net.shape)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save_model(onnx.load_from_string(net.ending()), plain)
        how = {"quant_format": QuantFormat.QDQ, "activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
        quantize_static(str(plain), str(small), Rows(rows), per_channel=True, **how)
        return small.read_bytes(), rows


def main() -> int:
    """Print a table; exit code 1 if an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cortex-m4f")
    board = device(parser.parse_args().device)
    print("| network | values | working memory, bytes | stack | flash | instructions |")
    print("| --- | --- | --- | --- | --- | --- |")
    same = True
    for name, net in (("DS-CNN", ds_cnn()), ("MobileNet, a quarter", mobile())):
        content, rows = quantised(net)
        answers: list[bytes] = []
        for how, found in (("apart", compiled_apart(content)), ("over each other", compiled(content))):
            image = zig.build(found.sources, board)
            run = unicorn.Core(image, board).run([rows[0]], [(np.dtype(np.float32), CLASSES)])
            answers.append(run.outputs[0].tobytes())
            plan = found.sources.plan.bytes
            print(f"| {name} | {how} | {plan:,} | {run.stack:,} | {image.flash:,} | {run.instructions:,} |", flush=True)
        same &= answers[0] == answers[1]
    return int(not same)


def compiled_apart(content: bytes) -> Compiled:
    """With nothing written over what its kernel reads, but by loops over elements."""
    own = place._rule

    def elementwise(nodes: tuple[Node, ...], name: str, graph: Graph) -> Overlap | None:
        return own(nodes, name, graph) if loops.elementwise(nodes[0]) else None

    with mock.patch.object(place, "_rule", elementwise):
        return compiled(content)


if __name__ == "__main__":
    sys.exit(main())
