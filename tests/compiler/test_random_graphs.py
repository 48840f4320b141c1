"""Graphs that nobody wrote: what the compiler makes of them answers as onnxruntime does."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnx
import pytest
from growing import grown  # type: ignore[import-not-found]
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, OPERATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.front import front, supported
from volvelle.compiler.host import KINDS, Host
from volvelle.compiler.lower import lower
from volvelle.compiler.parity import compared
from volvelle.compiler.prove import by_numpy, case_of, compiled
from volvelle.compiler.records import TOLERANCE, Parity

MORE = int(os.environ.get("VOLVELLE_EXAMPLES", "100"))
"""Graphs; a nightly run sets a thousand."""
FIRST = int(os.environ.get("VOLVELLE_SEED", "0"))
"""The first graph; a nightly run sets the date."""
NEVER = frozenset({"TfIdfVectorizer", "ZipMap"})
"""Operators that no random graph holds: a map of scores is no input, and counting words has a test of its own."""


node = helper.make_node


def normal(content: bytes, seed: int, count: int) -> NDArray[np.float32]:
    """Ordinary rows for a graph."""
    wide = onnx.load_from_string(content).graph.input[0].type.tensor_type.shape.dim[1].dim_value
    return np.random.default_rng(seed).normal(size=(count, wide)).astype(np.float32)


def agreement(content: bytes, rows: NDArray[np.float32], seed: int = 7) -> Parity:
    """C beside onnxruntime on these rows and as many made-up ones, by the rule of the proof; NumPy where that fails."""
    made = compiled(content)
    case = case_of(content, made, {"x": rows}, seed, len(rows))
    defined, found = by_numpy(case), compared("host", Host(made.sources).run(case.typed), case)
    return found if agrees(defined) else defined


def agrees(found: Parity) -> bool:
    """No whole number differs, and no real one by more than the tolerance."""
    return found.label_differences == 0 and found.largest <= TOLERANCE


@pytest.mark.parametrize("number", range(MORE))
def test_a_random_graph_answers_as_onnxruntime(number: int) -> None:
    """Any graph of the operator set, int8 layers and labels among them, keeps to the rule of the proof."""
    seed = FIRST * 100_000 + number
    content = grown(seed, 2 + seed % 9)
    found = agreement(content, normal(content, seed, 40), seed)
    assert agrees(found), f"{found} of grown({seed}, {2 + seed % 9})"


def test_the_random_graphs_of_the_suite_meet_every_fused_operator() -> None:
    """Whatever passes make, of layers, blocks, sums and means, stands in one of the first hundred graphs at least.

    Not the probabilities of coupled machines, an iteration that ends by a comparison.
    """
    met = {n.op for k in range(100) for n in lower(front(grown(k, 2 + k % 9))).nodes}
    made = {name for name in OPERATORS.names() if OPERATORS.fact(name, "DOMAIN") == "volvelle"}
    assert made - met == {"couple"}


def test_a_part_that_lies_elsewhere_in_the_same_memory_is_copied() -> None:
    """A graph that was drawn once: a value that two concatenations want stays whole in both."""
    nodes = [
        node("Min", ["x", "c"], ["a"]),
        node("Gemm", ["x", "w"], ["b"]),
        node("Concat", ["b", "a"], ["d"], axis=1),
        node("Concat", ["a", "d"], ["e"], axis=1),
        node("Neg", ["e"], ["y"]),
    ]
    random = np.random.default_rng(7)
    constants = {"c": random.normal(size=(1, 6)), "w": random.normal(size=(6, 2))}
    content = model(
        nodes, {"x": (TensorProto.FLOAT, ["N", 6])}, ["y"], {k: v.astype(np.float32) for k, v in constants.items()}
    )
    assert agrees(agreement(content, random.normal(size=(12, 6)).astype(np.float32)))


def test_a_number_in_a_register_is_copied_where_a_concatenation_wants_it() -> None:
    """Another one: the sum in a register, reshaped, lies in memory before it is read from there."""
    nodes = [
        node("ReduceSum", ["x"], ["a"], keepdims=1),
        node("Add", ["a", "a"], ["b"]),
        node("FeatureVectorizer", ["b"], ["c"], domain="ai.onnx.ml"),
        node("Gemm", ["c", "w"], ["y"]),
    ]
    content = model(nodes, {"x": (TensorProto.FLOAT, [1, 6])}, ["y"], {"w": np.array([[3]], np.float32)})
    rows = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    wanted = 6 * rows.sum(axis=1, keepdims=True)
    assert np.allclose(Host(compiled(content).sources).run([rows])[0], wanted, rtol=1e-5)


@pytest.mark.parametrize("op", ["Slice", "Gather", "Transpose", "Split"])
def test_a_part_of_a_number_in_a_register_is_copied_into_its_place(op: str) -> None:
    """A graph that a fuzzed one was cut down to: a look at a register, joined to a row, is in the row."""
    told: dict[str, Any] = {
        "Slice": (["z", "o", "o"], {}),
        "Gather": (["z"], {"axis": 1}),
        "Split": (["o"], {"axis": 1}),
    }
    more, attributes = told.get(op, ([], {"perm": [0, 1]}))
    nodes = [
        node("ReduceL2", ["x", "o"], ["a"], keepdims=1),
        node(op, ["a", *more], ["b"], **attributes),
        node("Floor", ["x"], ["c"]),
        node("Concat", ["c", "b"], ["y"], axis=1),
    ]
    whole = {"z": np.array([0]), "o": np.array([1])}
    content = model(nodes, {"x": (TensorProto.FLOAT, ["N", 6])}, ["y"], whole)
    assert agrees(agreement(content, np.random.default_rng(2).normal(size=(5, 6)).astype(np.float32)))


def test_random_graphs_hold_every_operator() -> None:
    """Among 3,000 graphs every operator that is supported stands, but those that are written down."""
    drawn = {n.op_type for seed in range(3000) for n in onnx.load_from_string(grown(seed, 6)).graph.node}
    assert set(supported()) - drawn == NEVER


@pytest.mark.parametrize("core", ["cortex-m0", "rv32imac", "x86-64", "wasm32"])
@pytest.mark.parametrize("seed", range(4))
def test_a_random_graph_runs_on_a_core(seed: int, core: str) -> None:
    """Emulated cores, of which two have no real arithmetic and one no division, give the same bytes as this machine."""
    content = grown(seed, 8)
    made = compiled(content).sources
    rows = normal(content, seed, 5)
    board = device(core)
    toolchain, emulator = board.way
    emulated = EMULATORS.load(emulator).Core(TOOLCHAINS.load(toolchain).build(made, board), board)
    ends = [(KINDS[kind], size) for _, kind, size in made.outputs]
    answers = [emulated.run([row], ends).outputs for row in rows]
    for k, own in enumerate(Host(made).run([rows])):
        assert np.stack([a[k] for a in answers]).tobytes() == own.tobytes()
