"""Decision trees as ONNX, exact to the last bit.

Two facts make a float32 graph answer exactly as a float64 library does. A threshold is rounded *down*
to float32: for every float32 x, ``x <= t`` holds if and only if ``x <= float_below(t)``. Leaf values are
rounded once, after fitting, to multiples of a power of two so coarse that no sum over the trees needs
more than 24 bits: such sums are exact, in any order, on any processor. The library object is given the
rounded leaves too, so its own answer is the oracle.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from volvelle.model.graph import ML, Graph, Value
from volvelle.train.classes import emit_rows

LEAF = -1
EXACT_BITS = 23
"""One bit less than float32 holds: rounding may carry a sum slightly above its bound."""
SMALLEST = 2.0**-100
"""Totals below it are taken as it: their steps would be no normal float32 numbers."""
_LEQ, _MEMBER = 0, 6


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree of m nodes; node 0 is the root and children follow their parents.

    Attributes:
        feature: column that a node asks, `LEAF` at a leaf, int64 ``[m]``.
        threshold: rows with ``x <= threshold`` go left, float64 ``[m]``.
        left, right: positions of the children, int64 ``[m]``.
        missing_left: NaN goes left, bool ``[m]``.
        value: what a leaf adds, float64 ``[m, t]``.
        targets: output columns that the t values are added to.
        members: node to codes that go left, instead of a threshold.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    targets: tuple[int, ...] = (0,)
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)


def float_below(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 not above each threshold.

    >>> float_below(np.array([0.1, 0.5, -1e300])).astype(float).tolist()
    [0.09999999403953552, 0.5, -inf]
    """
    wide = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore"):
        near = wide.astype(np.float32)
        lower = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > wide, lower, near).astype(np.float32)


def step_for(total: float) -> float:
    """The power of two on which sums of absolute size up to `total` are exact in float32.

    >>> step_for(1.0) == 2.0**-23
    True
    """
    return float(2.0 ** (ceil(log2(max(total, SMALLEST))) - EXACT_BITS))


def step_of(largest: float, bits: int) -> float:
    """The least power of two of which numbers up to `largest` are multiples of so many bits, with their sign.

    >>> step_of(1.0, 8) == 2.0**-6, step_of(0.99, 8) == 2.0**-7
    (True, True)
    """
    return float(2.0 ** ceil(log2(max(largest, SMALLEST) / (2 ** (bits - 1) - 1))))


def on_grid(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Values as the nearest multiples of `step`, half to even."""
    return np.asarray(np.rint(values / step) * step, dtype=np.float64)


def shares_on_grid(shares: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Rows of class shares as multiples of `step` that still sum to one (largest remainder method).

    >>> shares_on_grid(np.array([[1 / 3, 2 / 3]]), 0.25).tolist()
    [[0.25, 0.75]]
    """
    units = shares / shares.sum(axis=1, keepdims=True) / step
    whole = np.floor(units)
    short = np.rint(1.0 / step - whole.sum(axis=1, keepdims=True))
    place = np.argsort(np.argsort(whole - units, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray((whole + (place < short)) * step, dtype=np.float64)


def collapse(tree: Tree) -> Tree:
    """The same function with fewer nodes: twin leaves of equal value become one."""
    feature = tree.feature.copy()
    value = tree.value.copy()
    inner = np.flatnonzero(feature != LEAF)
    while inner.size:
        left, right = tree.left[inner], tree.right[inner]
        twins = (feature[left] == LEAF) & (feature[right] == LEAF) & (value[left] == value[right]).all(axis=1)
        if not twins.any():
            break
        merged = inner[twins]
        feature[merged], value[merged] = LEAF, value[tree.left[merged]]
        inner = inner[~twins]
    reached = np.zeros(len(feature), dtype=bool)
    level = np.array([0])
    while level.size:
        reached[level] = True
        asking = level[feature[level] != LEAF]
        level = np.concatenate([tree.left[asking], tree.right[asking]])
    moved = np.cumsum(reached) - 1
    return replace(
        tree,
        feature=feature[reached],
        threshold=tree.threshold[reached],
        left=moved[tree.left[reached]],
        right=moved[tree.right[reached]],
        missing_left=tree.missing_left[reached],
        value=value[reached],
        members={int(moved[n]): s for n, s in tree.members.items() if reached[n] and feature[n] != LEAF},
    )


def emit_trees(graph: Graph, x: Value, trees: list[Tree], targets: int) -> Value:
    """The sums of all trees' leaves, float32 ``[N, targets]``.

    Trees with category sets, and all trees of a graph that has such, become the TreeEnsemble of ai.onnx.ml 5, all
    others its classic regressor, which stores a class distribution in one leaf.
    """
    small = [collapse(t) for t in trees]
    start = np.zeros(targets)
    for tree in small:
        if len(tree.feature) == 1:
            start[list(tree.targets)] += tree.value[0]
    grown = [t for t in small if len(t.feature) > 1]
    first = start.astype(np.float32)
    if not grown:
        return emit_rows(graph, x, first)
    sets = graph.sets or any(t.members for t in grown)
    attributes = _with_sets([one for t in grown for one in _single(t)]) if sets else _classic(grown)
    operator = "TreeEnsemble" if sets else "TreeEnsembleRegressor"
    sums = graph.node(operator, x, domain=ML, kind="float", width=targets, n_targets=targets, **attributes)
    return graph.node("Add", sums, graph.constant(first.reshape(1, -1))) if first.any() else sums


def _classic(trees: list[Tree]) -> dict[str, Any]:
    """Attributes of TreeEnsembleRegressor."""
    columns: dict[str, list[Any]] = {}

    def put(name: str, values: NDArray[Any]) -> None:
        columns.setdefault(name, []).append(values)

    for number, tree in enumerate(trees):
        leaf = tree.feature == LEAF
        put("nodes_treeids", np.full(len(leaf), number))
        put("nodes_nodeids", np.arange(len(leaf)))
        put("nodes_featureids", np.where(leaf, 0, tree.feature))
        put("nodes_values", np.where(leaf, 0, float_below(tree.threshold)).astype(np.float32))
        put("nodes_truenodeids", np.where(leaf, 0, tree.left))
        put("nodes_falsenodeids", np.where(leaf, 0, tree.right))
        put("nodes_missing_value_tracks_true", np.where(leaf, 0, tree.missing_left))
        # Zero weights add nothing and are left out, but one stays where a leaf has no other.
        weighs = tree.value != 0
        weighs[:, 0] |= ~weighs.any(axis=1)
        nodes, places = np.nonzero(weighs & leaf[:, None])
        put("target_treeids", np.full(len(nodes), number))
        put("target_nodeids", nodes)
        put("target_ids", np.asarray(tree.targets)[places])
        put("target_weights", tree.value[nodes, places].astype(np.float32))
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    leaves = np.concatenate([t.feature == LEAF for t in trees])
    lists = {name: values.tolist() for name, values in joined.items()}
    lists["nodes_modes"] = ["LEAF" if leaf else "BRANCH_LEQ" for leaf in leaves]
    if not joined["nodes_missing_value_tracks_true"].any():
        del lists["nodes_missing_value_tracks_true"]
    return lists


def _single(tree: Tree) -> list[Tree]:
    """The tree once for each of its targets."""
    if len(tree.targets) == 1:
        return [tree]
    return [replace(tree, value=tree.value[:, [k]], targets=(t,)) for k, t in enumerate(tree.targets)]


def _with_sets(trees: list[Tree]) -> dict[str, Any]:
    """Attributes of TreeEnsemble; every leaf adds to one target."""
    nodes: dict[str, list[Any]] = {name: [] for name in ("feature", "mode", "split", "missing", "true", "false")}
    roots: list[int] = []
    members: list[float] = []
    leaf_targets: list[int] = []
    leaf_weights: list[float] = []
    for tree in trees:
        inner = tree.feature != LEAF
        base, leaf_base = len(nodes["feature"]), len(leaf_targets)
        place = np.where(inner, base + np.cumsum(inner) - 1, leaf_base + np.cumsum(~inner) - 1)
        roots.append(base)
        below = float_below(tree.threshold)
        for node in np.flatnonzero(inner).tolist():
            codes = tree.members.get(node)
            nodes["feature"].append(int(tree.feature[node]))
            nodes["mode"].append(_LEQ if codes is None else _MEMBER)
            nodes["split"].append(below[node] if codes is None else np.float32(0))
            nodes["missing"].append(int(tree.missing_left[node]))
            nodes["true"].append((int(place[tree.left[node]]), int(not inner[tree.left[node]])))
            nodes["false"].append((int(place[tree.right[node]]), int(not inner[tree.right[node]])))
            members += [*sorted(codes), np.nan] if codes is not None else []
        leaf_targets += [tree.targets[0]] * int((~inner).sum())
        leaf_weights += tree.value[~inner, 0].tolist()
    return {
        "aggregate_function": 1,
        "post_transform": 0,
        "tree_roots": roots,
        "nodes_featureids": nodes["feature"],
        "nodes_modes": numpy_helper.from_array(np.asarray(nodes["mode"], dtype=np.uint8), "modes"),
        "nodes_splits": numpy_helper.from_array(np.asarray(nodes["split"], dtype=np.float32), "splits"),
        "nodes_missing_value_tracks_true": nodes["missing"],
        "nodes_truenodeids": [n for n, _ in nodes["true"]],
        "nodes_trueleafs": [leaf for _, leaf in nodes["true"]],
        "nodes_falsenodeids": [n for n, _ in nodes["false"]],
        "nodes_falseleafs": [leaf for _, leaf in nodes["false"]],
        "leaf_targetids": leaf_targets,
        "leaf_weights": numpy_helper.from_array(np.asarray(leaf_weights, dtype=np.float32), "weights"),
        "membership_values": numpy_helper.from_array(np.asarray(members, dtype=np.float32), "members"),
    }
