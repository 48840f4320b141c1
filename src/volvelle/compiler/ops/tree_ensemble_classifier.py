"""The class of the largest sum of trees, and the sums."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.ops import tree_ensemble_regressor
from volvelle.compiler.scores import classified, decided, labels
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "TreeEnsembleClassifier"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Tree by tree in float32."""
    return classified(node, np.asarray(tree_ensemble_regressor.evaluate(_sums(node), x)))


def expanded(node: Node, new: Writing) -> list[Node]:
    """As the sums, and what is made of them."""
    made = Chain(new)
    scores = made(
        "tree_ensemble_regressor", made("cast", node.inputs[0], to=TensorProto.FLOAT), **_sums(node).attributes
    )
    return [*made.nodes, *decided(node, new, scores)]


def _sums(node: Node) -> Node:
    """The trees as those of a regressor; where one of two classes alone is voted on, it is the only target."""
    given = dict(node.attributes)
    ids = [int(k) for k in given["class_ids"]]
    alone = len(labels(node)) == 2
    if alone and (any(ids) or len(given.get("base_values") or ()) > 1):
        raise ModelError(
            "trees that vote on each of two classes are not supported: runtimes differ in what wins",
            next_move="export them with votes on the second class alone, under class_ids 0",
        )
    for what in ("treeids", "nodeids", "weights"):
        given[f"target_{what}"] = given.pop(f"class_{what}")
    given |= {"target_ids": [0] * len(ids) if alone else ids, "n_targets": 1 if alone else len(labels(node))}
    del given["class_ids"], given["classlabels_int64s"]
    given.pop("post_transform", None)
    return replace(node, attributes=given)
