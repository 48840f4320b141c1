"""Working memory of int8 networks: every value apart, what kernels may write over what they read, and row by row.

The networks have the layers of DS-CNN (keywords in sound, 49 x 10), of a quarter of MobileNet (pictures, 96 x 96), as
in MLPerf Tiny, and of blocks of MobileNet's second version, in the QDQ form, with random weights: memory and
instructions do not depend on what was learnt.

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

from volvelle.compiler import loops, lower, place
from volvelle.compiler.device import device
from volvelle.compiler.emulators import unicorn
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.passes.rows import rows
from volvelle.compiler.prove import Compiled, compiled
from volvelle.compiler.toolchains import zig

CLASSES = 12
Constants = dict[str, NDArray[np.float32]]


class Layers:
    """Layers one after another."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape, self.nodes, self.constants = shape, list[NodeProto](), Constants()
        self._random, self._channels = np.random.default_rng(7), shape[0]

    def conv(self, made: int, kernel: tuple[int, int], stride: int, *, deep: bool = False, bound: bool = True) -> None:
        """A convolution with a margin, and perhaps a bound at 0."""
        inner, group = (1, self._channels) if deep else (self._channels, 1)
        w, b = f"w{len(self.nodes)}", f"b{len(self.nodes)}"
        fan = inner * kernel[0] * kernel[1]
        self.constants[w] = (self._random.normal(size=(made, inner, *kernel)) / fan**0.5).astype(np.float32)
        self.constants[b] = (self._random.normal(size=made) / 10).astype(np.float32)
        self._add("Conv", w, b, strides=[stride, stride], auto_pad="SAME_UPPER", group=group)
        if bound:
            self._add("Relu")
        self._channels = made

    def block(self, made: int, stride: int = 1) -> None:
        """A convolution of each channel by itself, and one across them."""
        self.conv(self._channels, (3, 3), stride, deep=True)
        self.conv(made, (1, 1), 1)

    def inverted(self, made: int, stride: int = 1, wider: int = 6) -> None:
        """A block that widens, slides over each channel, and narrows; with a sum where sizes are the same."""
        before, channels = self._last, self._channels
        self.conv(channels * wider, (1, 1), 1)
        self.conv(self._channels, (3, 3), stride, deep=True)
        self.conv(made, (1, 1), 1, bound=False)
        if made == channels and stride == 1:
            self.nodes.append(helper.make_node("Add", [before, self._last], [f"v{len(self.nodes)}"]))

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


def second() -> Layers:
    """The first blocks of MobileNet, version 2, of a third of the channels, on pictures of 64 x 64."""
    net = Layers((3, 64, 64))
    net.conv(8, (3, 3), 2)
    for made, stride in ((8, 1), (12, 2), (12, 1), (16, 2), (16, 1), (24, 2), (24, 1)):
        net.inverted(made, stride)
    return net


class Rows(CalibrationDataReader):  # type: ignore[misc]
    """Rows to calibrate with, one by one."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = iter(rows)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next row, None behind the last."""
        row = next(self._rows, None)
        return None if row is None else {"x": row[None]}


NETWORKS = (("DS-CNN", ds_cnn()), ("MobileNet, a quarter", mobile()), ("MobileNet 2, blocks", second()))


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
    for name, net in NETWORKS:
        content, given = quantised(net)
        answers: list[bytes] = []
        ways = ("apart", compiled_apart(content)), ("over each other", compiled_whole(content))
        for how, found in (*ways, ("row by row", compiled(content))):
            image = zig.build(found.sources, board)
            run = unicorn.Core(image, board).run([given[0]], [(np.dtype(np.float32), CLASSES)])
            answers.append(run.outputs[0].tobytes())
            plan = found.sources.plan.bytes
            print(f"| {name} | {how} | {plan:,} | {run.stack:,} | {image.flash:,} | {run.instructions:,} |", flush=True)
        same &= len(set(answers)) == 1
    return int(not same)


def compiled_apart(content: bytes) -> Compiled:
    """With nothing written over what its kernel reads, but by loops over elements."""
    own = place._rule

    def elementwise(nodes: tuple[Node, ...], name: str, graph: Graph) -> Overlap | None:
        return own(nodes, name, graph) if loops.elementwise(nodes[0]) else None

    with mock.patch.object(place, "_rule", elementwise):
        return compiled_whole(content)


def compiled_whole(content: bytes) -> Compiled:
    """With one layer after another."""
    with mock.patch.object(lower, "PASSES", tuple(p for p in lower.PASSES if p.run is not rows)):
        return compiled(content)


if __name__ == "__main__":
    sys.exit(main())
