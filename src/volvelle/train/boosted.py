"""LightGBM boosters as trees: their dump, read node by node.

LightGBM decides ``double(x) <= threshold``. A node whose `missing_type` is None reads NaN as 0; one with
NaN sends it to its default side. A category node sends NaN, and every code outside its set, right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from volvelle.train.trees import EXACT_BITS, LEAF, Tree, on_grid, step_for, step_of


def round_leaves(boosters: Sequence[Any], finest: float, bits: int = EXACT_BITS + 1) -> None:
    """Divide all leaves by the number of boosters and round them, in place, so that sums are exact in float32.

    Args:
        boosters: trained `lightgbm.Booster` of equal outputs, whose mean is wanted as their sum.
        finest: the least step; logits that differ by 2**-20 are still told apart after a float32 softmax.
        bits: in which the largest leaf of an output fits with its sign.
    """
    outputs, share = boosters[0].num_model_per_iteration(), 1 / len(boosters)
    grown = [(b, n, _leaves(t["tree_structure"])) for b in boosters for n, t in enumerate(b.dump_model()["tree_info"])]
    for output in range(outputs):
        mine = [entry for entry in grown if entry[1] % outputs == output]
        largest = [share * max(abs(v) for v in values.values()) for _, _, values in mine]
        step = max(finest, step_for(sum(largest)), step_of(max(largest), bits))
        for booster, number, values in mine:
            for leaf, value in values.items():
                booster.set_leaf_output(number, leaf, float(on_grid(np.asarray(share * value), step)))


def booster_trees(booster: Any, first_target: int = 0) -> list[Tree]:
    """The booster's trees; tree t adds to output ``first_target + t % outputs``."""
    outputs = booster.num_model_per_iteration()
    infos = booster.dump_model()["tree_info"]
    return [_tree(info["tree_structure"], first_target + n % outputs) for n, info in enumerate(infos)]


def _leaves(node: dict[str, Any]) -> dict[int, float]:
    if "split_index" not in node:
        return {int(node.get("leaf_index", 0)): float(node["leaf_value"])}
    return _leaves(node["left_child"]) | _leaves(node["right_child"])


def _tree(root: dict[str, Any], target: int) -> Tree:
    nodes: list[dict[str, Any]] = []
    children: list[tuple[int, int]] = []

    def walk(node: dict[str, Any]) -> int:
        here = len(nodes)
        nodes.append(node)
        children.append((0, 0))
        if "split_index" in node:
            children[here] = walk(node["left_child"]), walk(node["right_child"])
        return here

    walk(root)
    inner = [("split_index" in n) for n in nodes]
    threshold = [
        float(n["threshold"]) if i and n["decision_type"] == "<=" else 0.0 for n, i in zip(nodes, inner, strict=True)
    ]
    pairs = np.asarray(children, dtype=np.int64)
    return Tree(
        feature=np.asarray(
            [n["split_feature"] if i else LEAF for n, i in zip(nodes, inner, strict=True)], dtype=np.int64
        ),
        threshold=np.asarray(threshold),
        left=pairs[:, 0],
        right=pairs[:, 1],
        missing_left=np.asarray([i and _missing_left(n) for n, i in zip(nodes, inner, strict=True)], dtype=np.bool_),
        value=np.asarray([[0.0 if i else float(n["leaf_value"])] for n, i in zip(nodes, inner, strict=True)]),
        targets=(target,),
        members={
            k: tuple(int(code) for code in n["threshold"].split("||"))
            for k, n in enumerate(nodes)
            if inner[k] and n["decision_type"] == "=="
        },
    )


def _missing_left(node: dict[str, Any]) -> bool:
    if node["decision_type"] == "==":
        return False
    if node["missing_type"] == "None":
        return bool(float(node["threshold"]) >= 0)
    return bool(node["default_left"])
