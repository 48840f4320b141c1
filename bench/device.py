"""Models on a microcontroller beside those of emlearn and m2cgen: flash, instructions and wrong labels.

Every model is fitted once by scikit-learn on its digits, written as C by everyone, compiled by one compiler with the
same flags for a Cortex-M4F, and executed instruction by instruction on 450 rows. A wrong label is one that differs
from scikit-learn's own prediction.

    python -m venv peers && peers/bin/pip install -r bench/peers/emlearn.txt
    python -m bench.device --peers peers/bin/python [--model NAME ...] [--rows 450] [--json FILE]

Without `--peers`, ours alone. Exit code 1 when one of our labels is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from bench.peers.digits import MODELS, data, fingerprint, fitted
from msgspec import Struct

from volvelle.compiler import elf
from volvelle.compiler.device import device
from volvelle.compiler.emulators.unicorn import Core
from volvelle.compiler.host import KINDS
from volvelle.compiler.image import FLAGS, FLASH_AT, LAYOUT, RAM_AT, Image
from volvelle.compiler.prove import compiled
from volvelle.compiler.records import Goal
from volvelle.compiler.toolchains import zig
from volvelle.model.graph import Graph, Value
from volvelle.train.dense import limits
from volvelle.train.estimators import decision_tree, logistic, mlp
from volvelle.train.forest import Grown
from volvelle.train.kernel import emit_gaussian, pair_weights
from volvelle.train.trees import shares_on_grid, step_for

DEVICE = device("cortex-m4f")
GOALS: tuple[Goal, ...] = ("size", "speed")
STUBS = {
    "math.h": '#define NAN __builtin_nanf("")\n#define INFINITY __builtin_inff()\n'
    "float expf(float); double exp(double); float fabsf(float); float fmaxf(float, float); "
    "float sqrtf(float); double sqrt(double); double log(double); float logf(float); double fabs(double); "
    "double tanh(double); static inline float tanhf(float x) { return x; } float roundf(float); double round(double); "
    "double pow(double, double); float powf(float, float);",
    "string.h": "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t); void *memset(void *, int, size_t);",
    "stdlib.h": "#include <stddef.h>",
    "stdio.h": "#include <stddef.h>",
}
"""A freestanding compiler has no library headers; what the peers call is in its runtime, but tanhf, that none needs."""


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
    """Run every row on the emulated core, in the type that the program takes."""
    _, ask, _, _ = data()
    given = ask.astype(np.int16 if "int16" in writer else np.float32)
    core = Core(image, DEVICE)
    runs = [core.run([row], outputs) for row in given[:rows]]
    labels = np.array([int(r.outputs[0][0]) for r in runs])
    counts = [r.instructions for r in runs]
    wrong = int((labels != model.predict(ask[:rows])).sum())
    stack = max(r.stack for r in runs)
    return Row(name, writer, image.flash, image.ram, stack, float(np.mean(counts)), wrong, max(counts))


def our_rows(name: str, rows: int) -> Iterator[Row]:
    """Ours, in every way in which it is written."""
    trees = name not in ("logistic regression", "RBF-SVM", "MLP 64-32-10")
    for scores in (False, True):
        content = ours(name, fitted(name), scores)
        for goal in GOALS if trees else GOALS[:1]:
            made = compiled(content, "digits", goal, rows={"numbers": data()[1]})
            image = zig.build(made.sources, DEVICE)
            ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
            told = "label and scores" if scores else "label"
            yield measured(name, f"Volvelle, {goal}, {told}", image, fitted(name), rows, ends)


def built(text: str, include: Path) -> Image:
    """A peer's C, compiled and linked as ours is."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "peer.c").write_text(text, encoding="utf-8")
        for header, content in STUBS.items():
            (folder / header).write_text(f"#pragma once\n{content}\n", encoding="utf-8")
        layout = LAYOUT.format(entry="peer_run", flash=FLASH_AT, ram=RAM_AT)
        (folder / "layout.ld").write_text(layout, encoding="utf-8")
        linked = ["-Wl,--gc-sections", "-Wl,--entry=peer_run", "-T", "layout.ld", "-o", "peer.elf"]
        command = [*zig.COMMAND, "cc", *DEVICE.target.split(), *FLAGS, "-fno-sanitize=all", "-w", *linked]
        command += ["-I.", f"-I{include}", "peer.c"]
        subprocess.run(command, cwd=folder, check=True)
        return elf.read(folder / "peer.elf", zig.version())


def peer_rows(python: str, name: str, rows: int) -> Iterator[Row]:
    """The peers', in every way in which they write it."""
    command = [str(Path(python).absolute()), "-m", "bench.peers.with_emlearn"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with tempfile.TemporaryDirectory() as place:
        # One of the peers leaves what it builds in the folder where it runs.
        answer = subprocess.run(
            [*command, place, name], cwd=place, env=environment, check=True, capture_output=True, text=True
        )
        told = json.loads(answer.stdout.splitlines()[-1])
        model = fitted(name)
        for file in told["files"]:
            if file["fingerprint"] != fingerprint(model):
                sys.exit(f"the two environments fitted different models of {name!r}: install equal versions")
            image = built(Path(file["path"]).read_text(encoding="utf-8"), Path(told["include"]))
            yield measured(name, file["peer"], image, model, rows, [(np.dtype(np.int32), 1)])


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="the Python of an environment that has emlearn and m2cgen")
    parser.add_argument("--model", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--rows", type=int, default=450)
    parser.add_argument("--json", type=Path, help="write the rows into a file")
    options = parser.parse_args()
    done: list[Row] = []
    print(f"{'model':36}{'writer':42}{'flash':>9}{'RAM':>7}{'stack':>7}{'per row':>12}{'wrong':>7}")
    for name in options.model:
        theirs = peer_rows(options.peers, name, options.rows) if options.peers else ()
        for row in chain(our_rows(name, options.rows), theirs):
            done.append(row)
            counts = f"{row.flash:>9,}{row.ram:>7,}{row.stack:>7,}{row.instructions:>12,.0f}{row.wrong:>7}"
            print(f"{row.model:36}{row.writer:42}{counts}", flush=True)
    if options.json:
        options.json.write_bytes(msgspec.json.encode(done))
    return int(any(r.wrong for r in done if r.writer.startswith("Volvelle")))


if __name__ == "__main__":
    sys.exit(main())
