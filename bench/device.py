"""Models on a microcontroller beside those of emlearn and m2cgen: flash, instructions and wrong labels.

Every model is fitted once by scikit-learn on its digits, written as C by everyone, compiled by one compiler with the
same flags for a Cortex-M4F, and executed instruction by instruction on 450 rows. A wrong label is one that differs
from scikit-learn's own prediction.

    python -m venv peers && peers/bin/pip install -r bench/peers/emlearn.txt
    python -m bench.device --peers peers/bin/python [--model NAME ...] [--rows 450] [--json FILE]

Without `--peers`, ours alone. Every file of a peer is written, compiled and run by itself within a limit of time; what
fails says why. Exit code 1 when one of our labels is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import onnx
from bench import device_peers
from bench.peers.digits import MODELS, SEED, data, fingerprint, fitted
from msgspec import Struct
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from sklearn.neural_network import MLPClassifier

from volvelle.compiler import lower
from volvelle.compiler.device import device
from volvelle.compiler.emulators import unicorn
from volvelle.compiler.host import KINDS
from volvelle.compiler.image import Image
from volvelle.compiler.limits import read
from volvelle.compiler.passes.integer import integer
from volvelle.compiler.prove import compiled, prove
from volvelle.compiler.records import Goal
from volvelle.compiler.toolchains import zig
from volvelle.errors import ContractBroken
from volvelle.model.graph import Graph, Value
from volvelle.model.session import Session
from volvelle.train.dense import limits
from volvelle.train.estimators import decision_tree, logistic, mlp
from volvelle.train.forest import Grown
from volvelle.train.kernel import emit_gaussian, pair_weights
from volvelle.train.trees import shares_on_grid, step_for

DEVICE = device("cortex-m4f")
GOALS: tuple[Goal, ...] = ("size", "speed")
INSTRUCTIONS = 200_000_000
"""A slow program answers fewer rows, but four."""
INT8 = "MLP 64-32-10, int8 QDQ"


class Row(Struct, frozen=True):
    """One way of writing one model."""

    model: str
    writer: str
    flash: int
    ram: int
    stack: int
    instructions: float
    """The mean over the rows."""
    wrong: int
    largest: int = 0
    """Instructions of the slowest row."""
    rows: int = 0
    failed: str = ""
    """Why there are no numbers."""


def ours(name: str, model: Any, scores: bool) -> bytes:
    """The model as ONNX, by the same functions that write a release; the label alone, or with its scores."""
    graph = Graph("digits")
    x = graph.input("numbers", "float", 64)
    shares = emitted(graph, x, name, model)
    label = graph.node("ArgMax", shares, axis=1, keepdims=0, kind="int64", width=1)
    graph.output("label", label, vector=True)
    if scores:
        graph.output("scores", shares)
    return graph.finish({})


def emitted(graph: Graph, x: Value, name: str, model: Any) -> Value:
    """Scores of ten classes."""
    learn = data()[0]
    seen = np.arange(10)
    if hasattr(model, "tree_") or hasattr(model, "estimators_"):
        trees = [e.tree_ for e in getattr(model, "estimators_", [model])]
        for tree in trees:
            tree.value[:, 0, :] = shares_on_grid(tree.value[:, 0, :], step_for(float(len(trees))))
        return decision_tree.emit(graph, x, Grown(model, seen, 10))
    if name == "logistic regression":
        return logistic.emit(graph, x, logistic.Logits(model, limits(learn), seen, 10))
    if name.startswith("MLP"):
        return mlp.emit(graph, x, mlp.Net(model, limits(learn), seen, 10))
    return votes(graph, x, model)


def votes(graph: Graph, x: Value, machine: Any) -> Value:
    """scikit-learn's own vote of pairwise machines: how many of its pairs each class wins."""
    near = emit_gaussian(graph, graph.cast(x, "double"), machine.support_vectors_, float(machine._gamma))
    weights, bias = pair_weights(machine), machine.intercept_.reshape(-1)
    matrix = graph.cast(graph.constant(weights), "double")
    pairs = graph.node("Gemm", near, matrix, graph.constant(bias), width=len(bias))
    plus, minus = np.triu_indices(len(machine.classes_), 1)
    ends = np.zeros((len(plus), len(machine.classes_)), dtype=np.float32)
    ends[np.arange(len(plus)), plus], ends[np.arange(len(plus)), minus] = 1.0, -1.0
    won = graph.cast(graph.node("Greater", pairs, graph.constant(np.array([0.0])), kind="bool"), "float")
    lost = np.maximum(-ends, 0).sum(axis=0)
    return graph.node("Gemm", won, graph.constant(ends), graph.constant(lost), width=ends.shape[1])


def measured(name: str, writer: str, image: Image, model: Any, rows: int, outputs: list[tuple[Any, int]]) -> Row:
    """Run rows on the emulated core, in the type that the program takes; `model` says what is right."""
    _, ask, _, _ = data()
    given = ask.astype(np.int16 if "int16" in writer else np.float32)
    core = unicorn.Core(image, DEVICE)
    first = core.run([given[0]], outputs)
    rows = max(min(rows, INSTRUCTIONS // first.instructions), min(rows, 4))
    runs = [first, *(core.run([row], outputs) for row in given[1:rows])]
    labels = np.array([int(r.outputs[0].argmax() if r.outputs[0].size > 1 else r.outputs[0][0]) for r in runs])
    counts = [r.instructions for r in runs]
    wrong = int((labels != model.predict(ask[:rows])).sum())
    stack = max(r.stack for r in runs)
    return Row(name, writer, image.flash, image.ram, stack, float(np.mean(counts)), wrong, max(counts), rows)


def our_rows(name: str, rows: int) -> Iterator[Row]:
    """Ours, in every way in which it is written."""
    if name == INT8:
        yield from int8_rows(rows)
        return
    for scores in (False, True):
        content = ours(name, fitted(name), scores)
        for goal in GOALS:
            made = compiled(content, "digits", goal, rows={"numbers": data()[1]})
            image = zig.build(made.sources, DEVICE)
            ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
            told = "label and scores" if scores else "label"
            yield measured(name, f"Volvelle, {goal}, {told}", image, fitted(name), rows, ends)


def int8_rows(rows: int) -> Iterator[Row]:
    """The network with quantisers around every operator: in whole numbers, and as the file is written.

    What is right is what onnxruntime answers to the quantised file.
    """
    content = quantised(fitted(INT8.removesuffix(", int8 QDQ")))
    right = Answers(content)
    literal = tuple(p for p in lower.PASSES if p.run is not integer)
    for writer, passes in (("Volvelle, int8", lower.PASSES), ("Volvelle, quantisers as they are written", literal)):
        with mock.patch.object(lower, "PASSES", passes):
            made = compiled(content, "digits", rows={"x": data()[1]})
        image = zig.build(made.sources, DEVICE)
        ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
        yield measured(INT8, writer, image, right, rows, ends)


class Answers:
    """The labels of onnxruntime."""

    def __init__(self, content: bytes) -> None:
        self._session = Session(content, check=read)

    def predict(self, rows: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
        """The class of the largest score."""
        return np.asarray(self._session.run({"x": rows})["y"]).argmax(axis=1)


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Rows that were learnt from, one by one."""

    def __init__(self) -> None:
        self._rows = iter(data()[0][:100])

    def get_next(self) -> dict[str, Any] | None:
        """The next row, None behind the last."""
        row = next(self._rows, None)
        return None if row is None else {"x": row.reshape(1, -1)}


def quantised(learnt: Any) -> bytes:
    """A network of scikit-learn as ONNX in the QDQ form: int8 weights and activations, a scale for every answer."""
    nodes, constants, x = [], [], "x"
    last = len(learnt.coefs_) - 1
    for k, (weights, bias) in enumerate(zip(learnt.coefs_, learnt.intercepts_, strict=True)):
        constants += [
            numpy_helper.from_array(a.astype(np.float32), f"{n}{k}") for n, a in zip("wb", (weights, bias), strict=True)
        ]
        nodes.append(onnx.helper.make_node("Gemm", [x, f"w{k}", f"b{k}"], ["y" if k == last else f"h{k}"]))
        if k < last:
            nodes.append(onnx.helper.make_node("Relu", [f"h{k}"], [f"r{k}"]))
            x = f"r{k}"
    ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["N", w]) for n, w in (("x", 64), ("y", 10))]
    graph = onnx.helper.make_graph(nodes, "digits", ends[:1], ends[1:], constants)
    with tempfile.TemporaryDirectory() as place:
        plain, small = Path(place) / "float.onnx", Path(place) / "int8.onnx"
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10), plain)
        how = {"quant_format": QuantFormat.QDQ, "activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8}
        quantize_static(str(plain), str(small), Calibration(), per_channel=True, **how)
        return small.read_bytes()


def quick(content: bytes, rows: dict[str, Any]) -> tuple[float, int]:
    """Seconds from an ONNX file to its footprint, the second time, and bytes of its weights."""
    for _ in range(2):
        begun = time.monotonic()
        prove(content, compiled(content, "quick", rows=rows), DEVICE, rows)
        taken = time.monotonic() - begun
    weights = (t for t in onnx.load_from_string(content).graph.initializer if t.data_type == onnx.TensorProto.INT8)
    return taken, sum(int(np.prod(t.dims)) for t in weights)


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="the Python of an environment that has emlearn and m2cgen")
    parser.add_argument("--model", nargs="+", choices=[*MODELS, INT8], default=[*MODELS, INT8])
    parser.add_argument("--rows", type=int, default=450)
    parser.add_argument("--json", type=Path, help="write the rows into a file")
    options = parser.parse_args()
    done: list[Row] = []
    print(f"{'model':36}{'writer':42}{'flash':>9}{'RAM':>7}{'stack':>7}{'per row':>12}{'wrong':>7}")
    for name in options.model:
        theirs = peer_rows(options.peers, name, options.rows) if options.peers and name in MODELS else ()
        for row in chain(our_rows(name, options.rows), theirs):
            done.append(row)
            counts = (
                f"{row.flash:>9,}{row.ram:>7,}{row.stack:>7,}{row.instructions:>12,.0f}{row.wrong:>7} of {row.rows}"
            )
            print(f"{row.model:36}{row.writer:42}{row.failed or counts}", flush=True)
    if INT8 in options.model:
        wide = MLPClassifier((256, 32), max_iter=20, random_state=SEED).fit(data()[0], data()[2])
        seconds, weights = quick(quantised(wide), {"x": data()[1]})
        busy = os.getloadavg()[0]
        print(f"int8 network of {weights:,} weights: compiled and proved in {seconds:.1f} s, warm, at load {busy:.1f}")
    if options.json:
        options.json.write_bytes(msgspec.json.encode(done))
    return int(any(r.wrong for r in done if r.writer.startswith("Volvelle")))


def peer_rows(python: str, name: str, rows: int) -> Iterator[Row]:
    """The peers', in every way in which they write a model; what fails says why."""
    for peer, image in device_peers.images(python, name, fingerprint(fitted(name))):
        if isinstance(image, str):
            yield Row(name, peer, 0, 0, 0, 0.0, 0, failed=image)
            continue
        try:
            # Some want more stack than the smallest boards have memory; they are given it.
            with mock.patch.object(unicorn, "_STACK_SIZE", 0x40_0000):
                row = measured(name, peer, image, fitted(name), rows, [(np.dtype(np.int32), 1)])
            yield row
        except ContractBroken as error:
            yield Row(name, peer, image.flash, image.ram, 0, 0.0, 0, failed=str(error).splitlines()[0])


if __name__ == "__main__":
    sys.exit(main())
