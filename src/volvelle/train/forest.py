"""scikit-learn's trees and forests, for classification and regression alike.

The leaves are rounded once after fitting (see `volvelle.train.trees`), inside the library's own trees.
For T trees a class share moves by at most ``T * 2**-23``, or by more with fewer bits; shares still sum to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.train.classes import certain, emit_certain, emit_spread, seen_classes, spread
from volvelle.train.contract import Lesson, Settings
from volvelle.train.rows import calm
from volvelle.train.trees import EXACT_BITS, LEAF, Tree, emit_trees, on_grid, shares_on_grid, step_for, step_of


@dataclass(frozen=True, slots=True)
class Grown:
    """A fitted tree or forest.

    Attributes:
        library: the scikit-learn object, its leaves rounded; None when the lesson held one class.
        seen: the classes that the lesson held; empty for regression.
        classes: number of classes, 0 for regression.
        offset: mean target that was taken off before fitting.
    """

    library: Any
    seen: NDArray[np.int64]
    classes: int
    offset: float = 0.0


def grow(classifier: Any, regressor: Any, lesson: Lesson, bits: int = EXACT_BITS + 1) -> Grown:
    """Fit whichever of the two scikit-learn objects the lesson's task asks for.

    Args:
        classifier, regressor: of scikit-learn, not yet fitted.
        lesson: what is learnt.
        bits: in which the largest leaf fits with its sign.
    """
    if lesson.task == "regression":
        # The mean carries the size of the target, so the leaves spend their bits on what differs.
        offset = float(np.float32(lesson.y.mean()))
        with calm():
            regressor.fit(lesson.x, lesson.y - offset)
        trees = _library_trees(regressor)
        largest = [float(np.abs(t.value).max()) for t in trees]
        step = max(step_for(sum(largest)), step_of(max(largest), bits))
        for tree in trees:
            tree.value[...] = on_grid(tree.value, step)
        return Grown(regressor, np.empty(0, dtype=np.int64), 0, offset)
    seen, y = seen_classes(lesson)
    if len(seen) == 1:
        return Grown(None, seen, lesson.classes)
    with calm():
        classifier.fit(lesson.x, y)
    trees = _library_trees(classifier)
    step = max(step_for(float(len(trees))), step_of(1.0, bits))
    for tree in trees:
        tree.value[:, 0, :] = shares_on_grid(tree.value[:, 0, :], step)
    return Grown(classifier, seen, lesson.classes)


def forests(leaves: int) -> tuple[Settings, ...]:
    """A small study of trees, leaves, depth and bits: forests with so many leaves in all.

    >>> [(f["trees"], f["leaves"], f["depth"], f["leaf_bits"]) for f in forests(400)]
    [(12, 33, 20, 24), (30, 13, 20, 8), (12, 33, 7, 8), (30, 13, 5, 12)]
    """
    shapes = [(12, False, 24), (30, False, 8), (12, True, 8), (30, True, 12)]
    sizes = {trees: min(leaves // trees, 512) for trees in (12, 30) if leaves >= 4 * trees}
    return tuple(
        {
            "trees": trees,
            "leaves": sizes[trees],
            # A balanced tree of so many leaves, and one question more.
            "depth": min(20, ceil(log2(sizes[trees])) + 1) if flat else 20,
            "min_leaf": 3,
            "features": 0.5,
            "leaf_bits": bits,
        }
        for trees, flat, bits in shapes
        if trees in sizes
    )


def predict_grown(grown: Grown, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """scikit-learn's answer, float32 ``[n, classes]`` or ``[n, 1]``."""
    if grown.library is None:
        return certain(len(x), grown.seen, grown.classes)
    if hasattr(grown.library, "n_jobs"):
        grown.library.n_jobs = 1
    x = np.nan_to_num(x, nan=np.nan)  # scikit-learn refuses infinity; the largest float32 goes the same way
    with calm():
        if grown.classes:
            return spread(grown.library.predict_proba(x), grown.seen, grown.classes)
        return np.asarray(grown.library.predict(x) + grown.offset, dtype=np.float32).reshape(-1, 1)


def emit_grown(graph: Graph, x: Value, grown: Grown) -> Value:
    """Sum of the leaves over the number of trees; a binary task stores class 1 alone."""
    if grown.library is None:
        return emit_certain(graph, x, grown.seen, grown.classes)
    trees = _library_trees(grown.library)
    if not grown.classes:
        sums = graph.cast(emit_trees(graph, x, [_tree(t, [0]) for t in trees], 1), "double")
        mean = graph.node("Div", sums, graph.constant(np.array([float(len(trees))])))
        value = graph.node("Add", mean, graph.constant(np.array([grown.offset])))
        return graph.cast(value, "float")
    binary = len(grown.seen) == 2
    kept = [1] if binary else list(range(len(grown.seen)))
    sums = emit_trees(graph, x, [_tree(t, kept) for t in trees], len(kept))
    count = graph.constant(np.array([len(trees)], dtype=np.float32))
    if binary:
        sums = graph.concat([graph.node("Sub", count, sums, width=1), sums])
    return emit_spread(graph, graph.node("Div", sums, count) if len(trees) > 1 else sums, grown.seen, grown.classes)


def _library_trees(library: Any) -> list[Any]:
    return [e.tree_ for e in library.estimators_] if hasattr(library, "estimators_") else [library.tree_]


def _tree(tree: Any, kept: list[int]) -> Tree:
    leaf = np.asarray(tree.children_left) == LEAF
    return Tree(
        feature=np.where(leaf, LEAF, tree.feature).astype(np.int64),
        threshold=np.asarray(tree.threshold, dtype=np.float64),
        left=np.asarray(tree.children_left, dtype=np.int64),
        right=np.asarray(tree.children_right, dtype=np.int64),
        missing_left=np.zeros(len(leaf), dtype=np.bool_),
        value=np.asarray(tree.value[:, 0, kept], dtype=np.float64),
        targets=tuple(range(len(kept))),
    )
