"""LightGBM boosters as trees: their dump, read node by node.

LightGBM decides ``double(x) <= threshold``. A node whose `missing_type` is None reads NaN as 0; one with
NaN sends it to its default side. A category node sends NaN, and every code outside its set, right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from volvelle.train.trees import EXACT_BITS, LEAF, Tree, on_grid, step_for, step_of

_LEAVES, _SIZES = re.compile(r"(?<=\n)leaf_value=(.*)"), re.compile(r"\ntree_sizes=.*")


def rounded(texts: Sequence[str], outputs: int, finest: float, bits: int = EXACT_BITS + 1) -> tuple[Any, ...]:
    """Boosters with all leaves divided by their number and rounded, so that sums are exact in float32.

    Leaves are read and written in the library's own text, which is twenty times as fast as one by one.

    Args:
        texts: `model_to_string` of boosters of equal outputs, whose mean is wanted as their sum.
        outputs: how many numbers a booster gives; tree t adds to number ``t % outputs``.
        finest: the least step; logits that differ by 2**-20 are still told apart after a float32 softmax.
        bits: in which the largest leaf of an output fits with its sign.
    """
    share = 1 / len(texts)
    grown = [[share * np.array(found.split(), dtype=np.float64) for found in _LEAVES.findall(t)] for t in texts]
    steps = []
    for output in range(outputs):
        largest = [max(float(np.abs(leaves).max()) for leaves in trees[output::outputs]) for trees in grown]
        total = sum(float(np.abs(leaves).max()) for trees in grown for leaves in trees[output::outputs])
        steps.append(max(finest, step_for(total), step_of(max(largest), bits)))
    return tuple(_with(text, trees, steps) for text, trees in zip(texts, grown, strict=True))


def _with(text: str, trees: Sequence[NDArray[np.float64]], steps: Sequence[float]) -> Any:
    """The booster with these leaves, as multiples of the steps of their outputs."""
    held = iter([on_grid(leaves, steps[n % len(steps)]).tolist() for n, leaves in enumerate(trees)])
    written = _LEAVES.sub(lambda _: f"leaf_value={' '.join(map(repr, next(held)))}", text)
    # The sizes of the trees in the text are no longer true; without them they are found.
    return lightgbm.Booster(model_str=_SIZES.sub("", written))


def booster_trees(booster: Any, first_target: int = 0) -> list[Tree]:
    """The booster's trees; tree t adds to output ``first_target + t % outputs``."""
    outputs = booster.num_model_per_iteration()
    infos = booster.dump_model()["tree_info"]
    return [_tree(info["tree_structure"], first_target + n % outputs) for n, info in enumerate(infos)]


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
