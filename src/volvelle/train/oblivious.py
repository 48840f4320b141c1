"""CatBoost's oblivious trees, read from its own JSON.

All nodes of one level ask the same question, ``x > border``, where NaN says no; the answers are the bits of a leaf's
number, the first question the lowest. Borders are float32, leaves and the bias double.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.train.trees import EXACT_BITS, LEAF, Tree, on_grid, step_for, step_of


def round_model(model: Any, finest: float, bits: int = EXACT_BITS + 1) -> None:
    """Round leaves and bias, in place, so that sums are exact in float32.

    Args:
        model: trained `catboost.CatBoost`.
        finest: the least step.
        bits: in which the largest leaf fits with its sign.
    """
    scale, bias = _scale_and_bias(model)
    trees = _read(model)["oblivious_trees"]
    values = np.asarray(model.get_leaf_values(), dtype=np.float64).ravel() * scale
    largest = [scale * max(map(abs, tree["leaf_values"])) for tree in trees]
    total = sum(largest) + float(np.abs(bias).max())
    step = max(finest, step_for(total), step_of(max(largest), bits))
    model.set_leaf_values(on_grid(values, step))
    model.set_scale_and_bias(1.0, on_grid(bias, step).tolist())


def model_trees(model: Any, first_target: int = 0) -> list[Tree]:
    """The model's trees and its bias, each output k as the target ``first_target + k``."""
    read, (_, bias) = _read(model), _scale_and_bias(model)
    features = {int(f["feature_index"]): int(f["flat_feature_index"]) for f in read["features_info"]["float_features"]}
    targets = tuple(range(first_target, first_target + len(bias)))
    grown = [_tree(tree, features, targets) for tree in read["oblivious_trees"]]
    return [*grown, one_leaf(bias.tolist(), first_target)] if bias.any() else grown


def one_leaf(values: Sequence[float], first_target: int) -> Tree:
    """A tree that asks nothing and adds a value to each output."""
    none = np.zeros(1, dtype=np.int64)
    return Tree(
        feature=np.array([LEAF]),
        threshold=np.zeros(1),
        left=none,
        right=none,
        missing_left=np.zeros(1, dtype=np.bool_),
        value=np.asarray(values, dtype=np.float64).reshape(1, -1),
        targets=tuple(range(first_target, first_target + len(values))),
    )


def _read(model: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="volvelle-trees-") as place:
        path = Path(place) / "model.json"
        model.save_model(str(path), format="json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _scale_and_bias(model: Any) -> tuple[float, NDArray[np.float64]]:
    scale, bias = model.get_scale_and_bias()
    return float(scale), np.atleast_1d(np.asarray(bias, dtype=np.float64))


def _tree(tree: dict[str, Any], features: dict[int, int], targets: tuple[int, ...]) -> Tree:
    """One tree as nodes in level order: the last question of the list is the root, so that bits run as in a book."""
    splits = tree.get("splits") or []
    depth = len(splits)
    inner, leaves = 2**depth - 1, 2**depth
    # Level order: of the nodes of a level the k-th has answered its questions with the bits of k, first asked highest.
    level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
    asked = [splits[depth - 1 - at] for at in level.tolist()]
    own = np.arange(inner, dtype=np.int64)
    left = np.concatenate([2 * own + 1, np.zeros(leaves, dtype=np.int64)])
    value = np.zeros((inner + leaves, len(targets)))
    value[inner:] = np.asarray(tree["leaf_values"], dtype=np.float64).reshape(leaves, len(targets))
    question = np.arange(inner + leaves) < inner
    return Tree(
        feature=np.array([*(features[int(s["float_feature_index"])] for s in asked), *[LEAF] * leaves], dtype=np.int64),
        threshold=np.array([*(float(np.float32(s["border"])) for s in asked), *[0.0] * leaves]),
        left=left,
        right=np.where(question, left + 1, 0),
        missing_left=question,
        value=value,
        targets=targets,
    )
