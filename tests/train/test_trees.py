"""Trees as ONNX: thresholds, exact sums, collapse, missing values and category sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

from volvelle.catalog import ESTIMATORS
from volvelle.model.graph import Graph
from volvelle.model.session import Session
from volvelle.model.signature import ModelTask
from volvelle.train import learning
from volvelle.train.boosted import booster_trees
from volvelle.train.contract import Lesson, defaults
from volvelle.train.trees import (
    LEAF,
    Tree,
    collapse,
    emit_trees,
    float_below,
    on_grid,
    shares_on_grid,
    step_for,
    step_of,
)

finite32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def random_tree(
    rng: np.random.Generator, depth: int, targets: int, *, sets: bool = False, missing: bool = False
) -> Tree:
    """A full tree over four features, thresholds among few values so that ties occur."""
    size, inner = 2 ** (depth + 1) - 1, 2**depth - 1
    node = np.arange(size)
    asks = node < inner
    members = {
        int(n): tuple(int(c) for c in np.flatnonzero(rng.random(90) < 0.4)) or (3,)
        for n in node[asks]
        if sets and rng.random() < 0.5
    }
    feature = np.where(asks, rng.integers(0, 3, size), LEAF)
    for n in members:
        feature[n] = 3
    return Tree(
        feature=feature,
        threshold=rng.choice([-1.0, -0.1, 0.0, 0.1, 0.3, 1e-40, 1e300], size),
        left=np.where(asks, 2 * node + 1, LEAF),
        right=np.where(asks, 2 * node + 2, LEAF),
        missing_left=asks & missing & (rng.random(size) < 0.5) & ~np.isin(node, list(members)),
        value=np.round(rng.normal(size=(size, targets)) * 4) / 4,
        targets=tuple(range(targets)),
        members=members,
    )


def walked(tree: Tree, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The leaf values of every row by the definition of `Tree`, in double precision."""
    answers = np.empty((len(x), tree.value.shape[1]))
    for n, row in enumerate(x.astype(np.float64)):
        at = 0
        while tree.feature[at] != LEAF:
            value = row[tree.feature[at]]
            if at in tree.members:
                left = value in tree.members[at]
            else:
                left = bool(tree.missing_left[at]) if np.isnan(value) else bool(value <= tree.threshold[at])
            at = int(tree.left[at] if left else tree.right[at])
        answers[n] = tree.value[at]
    return answers


def graph_of(trees: list[Tree], targets: int) -> bytes:
    graph = Graph("trees")
    x = graph.input("x", "float", 4)
    graph.output("sums", emit_trees(graph, x, trees, targets))
    return graph.finish()


def rows(seed: int, *, missing: bool) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, -0.1, 0.0, 0.1, 0.3, 1e-40, 1e30, -1e30, 0.30000001, 0.09999999], (300, 4)).astype(np.float32)
    x[:, 3] = rng.integers(-2, 95, 300)
    if missing:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x


@given(st.floats(1e-20, 1e20), st.integers(2, 24), st.floats(-1, 1))
def test_leaves_of_so_many_bits(largest: float, bits: int, share: float) -> None:
    """Every value up to the largest is a whole number of steps that so many bits hold, and no smaller step would do."""
    step, most = step_of(largest, bits), 2 ** (bits - 1) - 1
    assert abs(round(float(on_grid(np.asarray(share * largest), step)) / step)) <= most
    assert largest > most * step / 2


@given(finite32, st.floats(allow_nan=False))
def test_rounded_down_thresholds_decide_like_double_precision(x: float, threshold: float) -> None:
    """For every float32 x and every double t, x <= float_below(t) if and only if x <= t."""
    below = float_below(np.array([threshold]))[0]
    assert (np.float32(x) <= below) == (np.float64(np.float32(x)) <= threshold)


@given(finite32)
def test_a_threshold_that_is_a_float32_is_kept(x: float) -> None:
    """A tie with a threshold stays a tie: a float32 threshold is not moved."""
    assert float_below(np.array([np.float64(np.float32(x))]))[0] == np.float32(x)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.randoms(use_true_random=False))
def test_sums_on_the_grid_are_exact_in_any_order(values: list[float], shuffle: object) -> None:
    """Leaf values on the grid of their total add up in float32, in any order, as they do in double."""
    leaves = np.array(values)
    snapped = on_grid(leaves, step_for(float(np.abs(leaves).sum())))
    order = np.random.default_rng(len(values)).permutation(len(values))
    total = np.float32(0)
    for value in snapped[order].astype(np.float32):
        total = np.float32(total + value)
    assert float(total) == snapped.sum()


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any), st.integers(1, 20))
def test_class_shares_on_the_grid_sum_to_one(counts: list[int], bits: int) -> None:
    """Rounded shares lie within one step of the exact ones and sum to exactly one."""
    exact = np.array([counts]) / sum(counts)
    snapped = shares_on_grid(exact, 2.0**-bits)
    assert snapped.sum() == 1.0
    assert np.abs(snapped - exact).max() <= 2.0**-bits


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans(), st.booleans())
def test_the_graph_walks_as_the_definition(seed: int, targets: int, missing: bool, sets: bool) -> None:
    """Ensembles with ties, missing values and category sets give the very sums of the definition."""
    rng = np.random.default_rng(seed)
    targets = 1 if sets else targets
    trees = [random_tree(rng, depth, targets, sets=sets, missing=missing) for depth in (0, 1, 3, 4)]
    x = rows(seed, missing=missing)
    found = Session(graph_of(trees, targets)).run({"x": x})["sums"]
    np.testing.assert_array_equal(found, sum(walked(t, x) for t in trees))


def test_a_second_runtime_agrees() -> None:
    """The reference implementation of ONNX, written by others, gives the same sums as onnxruntime."""
    rng = np.random.default_rng(4)
    trees = [random_tree(rng, 3, 3, missing=True) for _ in range(5)]
    x = rows(4, missing=True)[:60]
    content = graph_of(trees, 3)
    (second,) = ReferenceEvaluator(ModelProto.FromString(content)).run(None, {"x": x})
    np.testing.assert_array_equal(second, Session(content).run({"x": x})["sums"])


@pytest.mark.parametrize("seed", range(5))
def test_collapse_keeps_the_function_and_drops_nodes(seed: int) -> None:
    """A tree with equal twin leaves gets smaller and answers the same on every row."""
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, 5, 1, sets=True, missing=True)
    tree.value[...] = rng.integers(0, 2, tree.value.shape)
    small = collapse(tree)
    x = rows(seed, missing=True)
    assert len(small.feature) < len(tree.feature)
    np.testing.assert_array_equal(walked(small, x), walked(tree, x))


def test_a_tree_without_any_split_answers_for_every_row() -> None:
    """An ensemble of single leaves is a constant with one row for each row that comes in."""
    leaf = np.array([LEAF])
    tree = Tree(leaf, np.zeros(1), leaf, leaf, np.zeros(1, dtype=np.bool_), np.array([[0.25]]))
    found = Session(graph_of([tree, tree], 1)).run({"x": rows(0, missing=True)[:7]})["sums"]
    assert found.tolist() == [[0.5]] * 7


def made_up(task: ModelTask) -> Lesson:
    """400 rows of four columns that a tree can learn."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 4)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + 0.2 * rng.normal(size=400)
    classes = {"binary": 2, "multiclass": 3, "regression": 0}[task]
    cut = np.digitize(y, [-0.3, 0.3]) if classes == 3 else (y > 0).astype(np.int64)
    return Lesson(x, cut if classes else y, task, classes, seed=2)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("name", ["decision_tree", "extra_trees", "random_forest"])
def test_leaves_of_forests_take_as_few_bits_as_they_are_given(name: str, task: ModelTask) -> None:
    """Library and file answer alike with leaves of 8 bits: shares sum to one, and move little."""
    lesson, module = made_up(task), ESTIMATORS.load(name)
    answers = []
    for bits in (24, 8):
        found = module.fit(lesson, defaults(module.SPACE) | {"leaf_bits": bits, "trees": 9})
        trees = [e.tree_ for e in getattr(found.library, "estimators_", [found.library])]
        values = np.concatenate([t.value[:, 0, :].ravel() for t in trees])
        step = step_of(1.0 if task != "regression" else float(np.abs(values).max()), 8)
        assert (values / step == np.rint(values / step)).all() == (bits == 8)
        if task != "regression":
            assert all((t.value[:, 0, :].sum(axis=1) == 1.0).all() for t in trees)
        graph = Graph("forest")
        graph.output("scores", module.emit(graph, graph.input("numbers", "float", 4), found))
        told = Session(graph.finish()).run({"numbers": lesson.x})["scores"]
        answers.append(module.predict(found, lesson.x))
        np.testing.assert_allclose(told.astype(np.float64), answers[-1], rtol=1e-6, atol=1e-6)
    apart = np.abs(answers[0] - answers[1]).max()
    assert 0 < apart < 0.02 * max(1.0, np.abs(lesson.y).max())


def test_a_booster_is_no_deeper_than_it_may_be() -> None:
    """Depth bounds the questions of the slowest row; without it one tree of eight leaves asks more than three."""
    module, deepest = ESTIMATORS.load("lightgbm"), {}
    for depth in (20, 3):
        settings = defaults(module.SPACE) | {"trees": 20, "leaves": 8, "min_leaf": 5, "depth": depth}
        (booster,) = learning.learn("lightgbm", made_up("regression"), settings).fitted.library
        deepest[depth] = max(_depth(tree) for tree in booster_trees(booster))
    assert deepest[3] == 3
    assert deepest[20] > 3


def _depth(tree: Tree, node: int = 0) -> int:
    if tree.feature[node] == LEAF:
        return 0
    return 1 + max(_depth(tree, int(tree.left[node])), _depth(tree, int(tree.right[node])))
