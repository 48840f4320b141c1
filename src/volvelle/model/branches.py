"""The trees of an ONNX graph, read back: every leaf with the questions on the way to it.

Reads the two forms in which trees are written here, the classic regressor and the TreeEnsemble of ai.onnx.ml 5,
of a graph that holds one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from volvelle.model.limits import inspect

_LEQ, _MEMBER = 0, 6


@dataclass(frozen=True, slots=True)
class Branches:
    """The questions and leaves of all trees.

    Attributes:
        feature, split: of each question, ``[q]``: a row answers yes when ``x <= split``.
        missing: whether a missing value answers yes, bool ``[q]``.
        members: question to codes that answer yes, instead of a split.
        question, yes: the steps on the way to the leaves, leaf by leaf: which question, and the answer it takes.
        leaf: the leaf that each step belongs to, rising.
        target, weight: what each leaf adds, and to which sum, ``[leaves]``.
        targets: number of sums.
    """

    feature: NDArray[np.int64]
    split: NDArray[np.float32]
    missing: NDArray[np.bool_]
    members: dict[int, tuple[int, ...]]
    question: NDArray[np.int64]
    yes: NDArray[np.bool_]
    leaf: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]
    targets: int

    def answers(self, x: NDArray[np.float32]) -> NDArray[np.bool_]:
        """What rows of features ``[n, f]`` answer to every question, ``[n, q]``."""
        cells = x[:, self.feature]
        absent = np.isnan(cells)
        with np.errstate(invalid="ignore"):
            said = cells <= self.split
        for number, codes in self.members.items():
            said[:, number] = np.isin(cells[:, number], np.asarray(codes, dtype=np.float32))
        return np.asarray(np.where(absent, self.missing, said))


@dataclass(frozen=True, slots=True)
class Exposed:
    """The trees of a graph, and the same graph with features and sums as outputs ``features`` and ``sums``."""

    branches: Branches
    content: bytes
    features: str
    sums: str


def expose(content: bytes) -> Exposed | None:
    """The trees of a graph; None where there are none, or several ensembles of them.

    Raises:
        ModelError: the file is damaged.
    """
    model = inspect(content)
    found = [n for n in model.graph.node if n.op_type in ("TreeEnsembleRegressor", "TreeEnsemble")]
    if len(found) != 1:
        return None
    node = found[0]
    branches = _classic(node) if node.op_type == "TreeEnsembleRegressor" else _ensemble(node)
    opened = ModelProto()
    opened.CopyFrom(model)
    present = {o.name for o in model.graph.output}
    for name in (node.input[0], node.output[0]):
        if name not in present:
            opened.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, None]))
    return Exposed(branches, opened.SerializeToString(), node.input[0], node.output[0])


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _classic(node: NodeProto) -> Branches:
    given = _attributes(node)
    trees, numbers = given["nodes_treeids"], given["nodes_nodeids"]
    place = {key: k for k, key in enumerate(zip(trees, numbers, strict=True))}
    leaf = [mode in (b"LEAF", "LEAF") for mode in given["nodes_modes"]]
    yes = [place[t, n] for t, n in zip(trees, given["nodes_truenodeids"], strict=True)]
    no = [place[t, n] for t, n in zip(trees, given["nodes_falsenodeids"], strict=True)]
    tracks = given.get("nodes_missing_value_tracks_true") or [0] * len(leaf)
    roots = [k for k in range(len(trees)) if not k or trees[k] != trees[k - 1]]
    paths = _paths([(root, False) for root in roots], [(y, leaf[y]) for y in yes], [(n, leaf[n]) for n in no], leaf)
    weights: dict[int, list[tuple[int, float]]] = {}
    rows = (given[f"target_{k}"] for k in ("treeids", "nodeids", "ids", "weights"))
    for tree, number, target, weight in zip(*rows, strict=True):
        weights.setdefault(place[tree, number], []).append((target, weight))
    return _gathered(
        paths,
        weights,
        (given["nodes_featureids"], given["nodes_values"], tracks),
        {},
        int(given["n_targets"]),
    )


def _ensemble(node: NodeProto) -> Branches:
    given = _attributes(node)
    modes = numpy_helper.to_array(given["nodes_modes"]).tolist()
    splits = numpy_helper.to_array(given["nodes_splits"])
    members, sets = {}, iter(np.split(values := numpy_helper.to_array(given["membership_values"]), _ends(values)))
    for number, mode in enumerate(modes):
        if mode == _MEMBER:
            members[number] = tuple(int(c) for c in next(sets) if not np.isnan(c))
    yes = list(zip(given["nodes_truenodeids"], map(bool, given["nodes_trueleafs"]), strict=True))
    no = list(zip(given["nodes_falsenodeids"], map(bool, given["nodes_falseleafs"]), strict=True))
    paths = _paths([(root, False) for root in given["tree_roots"]], yes, no, [False] * len(modes))
    weight = numpy_helper.to_array(given["leaf_weights"]).tolist()
    weights = {k: [(t, w)] for k, (t, w) in enumerate(zip(given["leaf_targetids"], weight, strict=True))}
    tracks = given.get("nodes_missing_value_tracks_true") or [0] * len(modes)
    return _gathered(paths, weights, (given["nodes_featureids"], splits, tracks), members, int(given["n_targets"]))


def _ends(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Behind each NaN, which ends one set of codes."""
    return np.flatnonzero(np.isnan(values)) + 1


Path = list[tuple[int, bool]]


def _paths(
    roots: list[tuple[int, bool]], yes: list[tuple[int, bool]], no: list[tuple[int, bool]], leaf: list[bool]
) -> list[tuple[int, Path]]:
    """Every leaf's number with the (question, answer) steps on the way to it."""
    found: list[tuple[int, Path]] = []
    waiting: list[tuple[int, bool, Path]] = [(root, leaf[root] if leaf else False, []) for root, _ in reversed(roots)]
    while waiting:
        here, ends, path = waiting.pop()
        if ends:
            found.append((here, path))
            continue
        for (there, last), answer in ((no[here], False), (yes[here], True)):
            waiting.append((there, last, [*path, (here, answer)]))
    return found


def _gathered(
    paths: list[tuple[int, Path]],
    weights: dict[int, list[tuple[int, float]]],
    asked: tuple[Any, Any, Any],
    members: dict[int, tuple[int, ...]],
    targets: int,
) -> Branches:
    """`asked` is feature, split and missing of every node."""
    question: list[int] = []
    yes: list[bool] = []
    leaf: list[int] = []
    target: list[int] = []
    weight: list[float] = []
    for end, path in paths:
        for into, adds in weights.get(end, []):
            question += [q for q, _ in path]
            yes += [a for _, a in path]
            leaf += [len(target)] * len(path)
            target.append(into)
            weight.append(adds)
    return Branches(
        feature=np.asarray(asked[0], dtype=np.int64),
        split=np.asarray(asked[1], dtype=np.float32),
        missing=np.asarray(asked[2], dtype=np.bool_),
        members=members,
        question=np.asarray(question, dtype=np.int64),
        yes=np.asarray(yes, dtype=np.bool_),
        leaf=np.asarray(leaf, dtype=np.int64),
        target=np.asarray(target, dtype=np.int64),
        weight=np.asarray(weight, dtype=np.float64),
        targets=targets,
    )
