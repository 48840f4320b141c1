"""Dense networks in whole numbers: NumPy, onnxruntime and C give the same bits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from volvelle.compiler.host import Host
from volvelle.compiler.prove import compiled
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.train.contract import Lesson, defaults
from volvelle.train.estimators import mlp
from volvelle.train.whole import WEIGHT, Whole, answers, emit, quantised


def network(shape: list[int], seed: int, spread: float) -> tuple[Whole, NDArray[np.float32]]:
    """A network of random weights in whole numbers, and rows within and far outside of those it was made from."""
    random = np.random.default_rng(seed)
    size = np.exp(random.normal(size=shape[0]) * spread)
    x = (random.normal(size=(60, shape[0])) * size).astype(np.float32)
    weights = [random.normal(size=ends) * np.exp(random.normal() * spread) for ends in pairwise(shape)]
    biases = [random.normal(size=n) for n in shape[1:]]
    weights[0][:, :1] *= random.integers(0, 2)
    x[:, -1] *= random.integers(0, 2)
    net = quantised(x, weights, biases)
    edges = np.array([[0.0], [-0.0], [1e-40], [3e38], [-3e38]], dtype=np.float32) * np.ones(shape[0], np.float32)
    return net, np.concatenate([x, x * 30, edges]).astype(np.float32)


def written(net: Whole, width: int) -> bytes:
    """The network as an ONNX file."""
    graph = Graph("whole")
    graph.output("y", emit(graph, graph.input("x", "float", width), net))
    return graph.finish()


SHAPES = st.lists(st.integers(1, 40), min_size=2, max_size=4)


@settings(deadline=None, max_examples=60)
@given(SHAPES, st.integers(0, 10**6), st.floats(0, 6))
def test_onnxruntime_gives_the_same_bits(shape: list[int], seed: int, spread: float) -> None:
    """Whatever the widths and however far columns and layers lie apart, no answer differs, nor is one no number."""
    net, rows = network(shape, seed, spread)
    found = Session(written(net, shape[0])).run({"x": rows})["y"]
    assert np.array_equal(found, answers(net, rows))
    assert np.isfinite(found).all()
    assert all(abs(layer.weights.astype(int)).max() <= WEIGHT for layer in net.layers), "two products fit 16 bits"


@settings(deadline=None, max_examples=8)
@given(SHAPES, st.integers(0, 10**6), st.floats(0, 2))
def test_the_c_gives_the_same_bits(shape: list[int], seed: int, spread: float) -> None:
    """All layers run in whole numbers in C, the last one into real ones, and no answer differs."""
    net, rows = network(shape, seed, spread)
    made = compiled(written(net, shape[0]))
    assert {n.op for n in made.graph.nodes} <= {"mul", "quantize_linear", "q_dense"}
    assert np.array_equal(Host(made.sources).run([rows])[0], answers(net, rows))


def test_a_far_row_does_not_make_the_others_coarse() -> None:
    """With one row thirty times as large, the error of the others stays a small part of their spread."""
    random = np.random.default_rng(2)
    x = random.normal(size=(4000, 6)).astype(np.float32)
    weights, biases = [random.normal(size=(6, 12)), random.normal(size=(12, 1))], [np.zeros(12), np.zeros(1)]
    true = np.maximum(x @ weights[0], 0) @ weights[1]
    for far in (1, 30):
        x[0] *= far
        off = answers(quantised(x, weights, biases), x)[1:] - true[1:]
        assert np.sqrt(np.square(off).mean()) < 0.08 * true[1:].std(), far


def test_a_pruned_network_has_the_weights_that_were_asked_for() -> None:
    """A quarter of the weights of each layer stays, they learn on, and little is lost on rows not learnt from."""
    x, y = load_digits(return_X_y=True)
    rows = (x / 16).astype(np.float32)
    lesson = Lesson(rows[::2], y[::2].astype(np.int64), "multiclass", 10, seed=1)
    right = {}
    for keep in (1.0, 0.25):
        for bits in (32, 8):
            net = mlp.fit(lesson, defaults(mlp.SPACE) | {"keep": keep, "bits": bits})
            right[keep, bits] = float((mlp.predict(net, rows[1::2]).argmax(axis=1) == y[1::2]).mean())
            assert all(abs(np.mean(w != 0) - keep) < 0.02 for w in net.library.coefs_)
    assert right[1.0, 32] - right[1.0, 8] < 0.01
    assert right[1.0, 8] - right[0.25, 8] < 0.05
