"""Tree ensembles in one form, whatever operator they came from.

A row answers yes to a question where ``x <= split`` (or its code is among the members), and no otherwise; a missing
value answers as the question says. Other comparisons are turned into this one: for real numbers ``x < t`` holds exactly
where x is at most the next float32 below t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from volvelle.errors import ModelError

LEAF = -1


@dataclass(frozen=True, slots=True)
class Forest:
    """All nodes of all trees, leaves among them.

    Attributes:
        roots: node of each tree.
        feature: asked by a node, `LEAF` at a leaf, ``[nodes]``.
        split: ``[nodes]`` float32.
        yes, no: nodes that follow, ``[nodes]``.
        missing: whether no number answers yes, ``[nodes]``.
        members: node to codes that answer yes, instead of a split.
        adds: node to what its leaf adds, as (target, weight).
        targets: number of sums.
        start: what each sum begins with, float32 ``[targets]``.
        whole: whether cells are whole numbers; splits are then, and nothing is missing.
    """

    roots: tuple[int, ...]
    feature: NDArray[np.int64]
    split: NDArray[np.float32]
    yes: NDArray[np.int64]
    no: NDArray[np.int64]
    missing: NDArray[np.bool_]
    members: dict[int, tuple[int, ...]]
    adds: dict[int, tuple[tuple[int, np.float32], ...]]
    targets: int
    start: NDArray[np.float32]
    whole: bool = False

    def evaluate(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sums for rows ``[n, features]``, added tree by tree in float32."""
        made = np.repeat(self.start.reshape(1, -1), len(x), axis=0)
        for root in self.roots:
            for row, cells in enumerate(x):
                for target, weight in self.adds[self.leaf(root, cells)]:
                    made[row, target] += weight
        return made

    def leaf(self, node: int, cells: NDArray[np.float32]) -> int:
        """The leaf of one row."""
        while self.feature[node] != LEAF:
            cell = cells[self.feature[node]]
            if np.isnan(cell):
                said = bool(self.missing[node])
            elif node in self.members:
                said = float(cell) in self.members[node]
            else:
                said = bool(cell <= self.split[node])
            node = int(self.yes[node] if said else self.no[node])
        return node


_EXACT = 2.0**24
"""Up to here a whole number that becomes a float32 stays what it is."""


def exact(forest: Forest, dtype: np.dtype[Any]) -> bool:
    """Whether splits tell whole numbers of 32 or 64 bits apart as they tell their float32 apart."""
    return dtype in (np.int32, np.int64) and bool((abs(forest.split[forest.feature != LEAF]) < _EXACT).all())


def floored(forest: Forest) -> Forest:
    """The same answers for whole numbers, where splits are `exact`: x is at most 2.5 where it is at most 2.

    A larger whole number may be rounded on its way to float32, but not past 2^24.
    """
    return replace(forest, split=np.floor(forest.split), missing=np.zeros_like(forest.missing), whole=True)


def classic(given: Mapping[str, Any], prefix: str) -> Forest:
    """The form of ai.onnx.ml 1 to 3; `prefix` is ``target`` or ``class``.

    Raises:
        ModelError: an aggregation or a comparison that is not supported, or nodes that do not hang together.
    """
    if given.get("aggregate_function", b"SUM") not in (b"SUM", "SUM"):
        raise ModelError("trees are summed; another aggregate_function is not supported")
    trees, numbers = list(given["nodes_treeids"]), list(given["nodes_nodeids"])
    place = {key: k for k, key in enumerate(zip(trees, numbers, strict=True))}
    modes = [m.decode() if isinstance(m, bytes) else m for m in given["nodes_modes"]]
    adds: dict[int, list[tuple[int, np.float32]]] = {}
    rows = (given[f"{prefix}_{k}"] for k in ("treeids", "nodeids", "ids", "weights"))
    for tree, number, target, weight in zip(*rows, strict=True):
        adds.setdefault(place[tree, number], []).append((int(target), np.float32(weight)))
    roots = [k for k in range(len(trees)) if not k or trees[k] != trees[k - 1]]
    targets = int(given["n_targets"]) if "n_targets" in given else 1 + max(t for a in adds.values() for t, _ in a)
    base = np.asarray(given.get("base_values") or [0.0] * targets, dtype=np.float32)
    inner = [m != "LEAF" for m in modes]
    follow = [
        np.asarray([place[t, n] if i else 0 for t, n, i in zip(trees, given[f"nodes_{w}nodeids"], inner, strict=True)])
        for w in ("true", "false")
    ]
    return _checked(
        roots,
        np.where(inner, np.asarray(given["nodes_featureids"]), LEAF),
        (modes, np.asarray(given["nodes_values"], dtype=np.float32)),
        (follow[0], follow[1], given.get("nodes_missing_value_tracks_true")),
        {},
        {k: tuple(adds.get(k, ())) for k, i in enumerate(inner) if not i},
        np.resize(base, targets) if len(base) == targets else np.zeros(targets, np.float32),
    )


_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")


def ensemble(given: Mapping[str, Any]) -> Forest:
    """The form of ai.onnx.ml 5, of float32.

    Raises:
        ModelError: as in `classic`.
    """
    if given.get("aggregate_function", 1) != 1 or given.get("post_transform", 0) != 0:
        raise ModelError("trees are summed and left as they are; other functions are not supported")
    modes = _plain(given["nodes_modes"]).tolist()
    splits = _plain(given["nodes_splits"])
    weights = _plain(given["leaf_weights"])
    if splits.dtype != np.float32:
        raise ModelError(f"trees of {splits.dtype} are not supported", next_move="export them in float32")
    count, leaves = len(modes), len(weights)
    ends = {w: np.asarray(given[f"nodes_{w}leafs"], dtype=bool) for w in ("true", "false")}
    follow = {w: np.asarray(given[f"nodes_{w}nodeids"]) + count * ends[w] for w in ("true", "false")}
    values = _plain(given["membership_values"]) if "membership_values" in given else np.zeros(0, np.float32)
    sets = iter(np.split(values, np.flatnonzero(np.isnan(values)) + 1))
    members = {
        k: tuple(int(c) for c in next(sets) if not np.isnan(c)) for k, m in enumerate(modes) if _MODES[m] == _MODES[6]
    }
    tracks = list(given.get("nodes_missing_value_tracks_true") or [0] * count) + [0] * leaves
    nothing = np.zeros(leaves, dtype=np.int64)
    adds: dict[int, tuple[tuple[int, np.float32], ...]] = {
        count + k: ((int(t), np.float32(w)),)
        for k, (t, w) in enumerate(zip(given["leaf_targetids"], weights, strict=True))
    }
    return _checked(
        list(given["tree_roots"]),
        np.concatenate([np.asarray(given["nodes_featureids"]), nothing + LEAF]),
        ([_MODES[m] for m in modes] + ["LEAF"] * leaves, np.concatenate([splits, nothing.astype(np.float32)])),
        (np.concatenate([follow["true"], nothing]), np.concatenate([follow["false"], nothing]), tracks),
        members,
        adds,
        np.zeros(int(given["n_targets"]), np.float32),
    )


def _plain(value: Any) -> NDArray[Any]:
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def _checked(
    roots: list[int],
    feature: NDArray[Any],
    asked: tuple[list[str], NDArray[np.float32]],
    follow: tuple[NDArray[Any], NDArray[Any], Any],
    members: dict[int, tuple[int, ...]],
    adds: dict[int, tuple[tuple[int, np.float32], ...]],
    start: NDArray[np.float32],
) -> Forest:
    modes, split = asked
    yes, no = follow[0].astype(np.int64), follow[1].astype(np.int64)
    missing = np.asarray(follow[2] if follow[2] else [0] * len(modes), dtype=bool)
    if {len(part) for part in (feature, split, yes, no, missing)} != {len(modes)}:
        raise ModelError("the nodes are no trees: one lacks its feature, its split or what follows it")
    asks = feature != LEAF
    named = np.concatenate([roots, yes[asks], no[asks]])
    if ((named < 0) | (named >= len(modes))).any():
        raise ModelError("the nodes are no trees: one is named that does not exist")
    split = split.copy()
    if np.isnan(split).any():
        raise ModelError("a tree compares with a number that is none", next_move="export the model again")
    for k, mode in enumerate(modes):
        if mode not in ("LEAF", "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_MEMBER"):
            raise ModelError(f"trees with {mode} are not supported", next_move="those with <=, <, >=, > and sets are")
        if mode in ("BRANCH_LT", "BRANCH_GTE"):
            split[k] = np.nextafter(split[k], np.float32(-np.inf))
        if mode in ("BRANCH_GTE", "BRANCH_GT"):
            yes[k], no[k], missing[k] = no[k], yes[k], not missing[k]
    reached = list(roots)
    for node in reached:
        if len(reached) > len(modes):
            raise ModelError("the nodes are no trees: one is reached twice")
        if feature[node] != LEAF:
            reached += [int(yes[node]), int(no[node])]
    if any(t < 0 or t >= len(start) for a in adds.values() for t, _ in a) or (feature < LEAF).any():
        raise ModelError("a leaf adds to a sum, or a question asks a feature, that does not exist")
    return Forest(tuple(roots), feature, split, yes, no, missing, members, adds, len(start), start)
