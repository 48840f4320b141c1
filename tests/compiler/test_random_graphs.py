"""Graphs that nobody wrote: what the compiler makes of them answers as onnxruntime does."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
from growing import grown  # type: ignore[import-not-found]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_files import model  # type: ignore[import-not-found]

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.front import supported
from volvelle.compiler.host import Host
from volvelle.compiler.limits import read
from volvelle.compiler.prove import compiled
from volvelle.model.session import Session

MORE = int(os.environ.get("VOLVELLE_EXAMPLES", "100"))
"""Graphs; a nightly run sets a thousand."""
NEVER = frozenset({"TfIdfVectorizer", "ZipMap"})
"""Operators that no random graph holds: a map of scores is no input, and counting words has a test of its own."""


def differs(content: bytes, rows: NDArray[np.float32]) -> bool:
    """Whether C and onnxruntime disagree on any row."""
    wanted = np.asarray(Session(content, check=read).run({"x": rows})["y"]).reshape(len(rows), -1)
    made = Host(compiled(content).sources).run([rows])[0]
    return not np.allclose(made, wanted, rtol=1e-5, atol=2e-5, equal_nan=True)


@settings(max_examples=MORE, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1), st.integers(2, 10))
def test_a_random_graph_answers_as_onnxruntime(seed: int, size: int) -> None:
    """Any graph of the operator set gives the numbers that onnxruntime gives."""
    assert not differs(grown(seed, size), np.random.default_rng(seed).normal(size=(12, 6)).astype(np.float32))


def test_a_part_that_lies_elsewhere_in_the_same_memory_is_copied() -> None:
    """A graph that was drawn once: a value that two concatenations want stays whole in both."""
    node = helper.make_node
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
    assert not differs(content, random.normal(size=(12, 6)).astype(np.float32))


def test_a_number_in_a_register_is_copied_where_a_concatenation_wants_it() -> None:
    """Another one: the sum in a register, reshaped, lies in memory before it is read from there."""
    node = helper.make_node
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


def test_random_graphs_hold_every_operator() -> None:
    """Among 3,000 graphs every operator that is supported stands, but those that are written down."""
    drawn = {n.op_type for seed in range(3000) for n in onnx.load_from_string(grown(seed, 6)).graph.node}
    assert set(supported()) - drawn == NEVER


@pytest.mark.parametrize("core", ["cortex-m0", "rv32imac", "x86-64", "wasm32"])
@pytest.mark.parametrize("seed", range(4))
def test_a_random_graph_runs_on_a_core(seed: int, core: str) -> None:
    """Emulated cores, of which two have no real arithmetic and one no division, give the same bytes as this machine."""
    made = compiled(grown(seed, 8)).sources
    rows = np.random.default_rng(seed).normal(size=(5, 6)).astype(np.float32)
    board = device(core)
    toolchain, emulator = board.way
    emulated = EMULATORS.load(emulator).Core(TOOLCHAINS.load(toolchain).build(made, board), board)
    ends = [(np.dtype(np.float32), made.outputs[0][2])]
    answers = np.stack([emulated.run([row], ends).outputs[0] for row in rows])
    assert answers.tobytes() == Host(made).run([rows])[0].tobytes()
