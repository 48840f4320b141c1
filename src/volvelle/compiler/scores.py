"""What the classifiers of ai.onnx.ml make of their scores: a class, and scores after a transformation.

The standard leaves open what a single score means; here it means what it means in onnxruntime: of two classes it is
that of the second, which wins above 0, or above one half where all votes of trees are positive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError


def linear(node: Node, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coefficients ``[targets, features]`` and intercepts ``[targets]``.

    Raises:
        ModelError: they do not fit the features, or the scores of a regression are transformed.
    """
    weights = np.asarray(node.attributes["coefficients"], dtype=np.float32).reshape(-1, shape[-1])
    if len(shape) != 2 or (node.op == "linear_regressor" and transform(node) != "NONE"):
        raise ModelError("a linear model over a row of features, without transformation, is supported")
    bias = np.asarray(node.attributes.get("intercepts") or [0.0] * len(weights), dtype=np.float32)
    if len(bias) != len(weights):
        raise ModelError(f"{len(bias)} intercepts do not fit {len(weights)} rows of coefficients")
    return weights, bias


def transform(node: Node) -> str:
    """What is done to scores: NONE, SOFTMAX, LOGISTIC.

    Raises:
        ModelError: it is another one.
    """
    told = node.attributes.get("post_transform", b"NONE")
    name = told.decode() if isinstance(told, bytes) else str(told)
    if name not in ("NONE", "SOFTMAX", "LOGISTIC"):
        raise ModelError(f"post_transform {name} is not supported", next_move="NONE, SOFTMAX and LOGISTIC are")
    return name


def labels(node: Node) -> NDArray[np.int64]:
    """The classes.

    Raises:
        ModelError: they are texts, or not told.
    """
    told = node.attributes.get("classlabels_int64s") or node.attributes.get("classlabels_ints")
    if not told:
        raise ModelError("classes that are texts are not supported", next_move="train with classes 0, 1, 2 ...")
    return np.asarray(told, dtype=np.int64)


def classified(node: Node, scores: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Class ``[n]`` and scores ``[n, classes]``."""
    names, how = labels(node), transform(node)
    if scores.shape[1] == 1:
        chosen = names[(scores[:, 0] > _bound(node)).astype(int)]
        first = 1 - scores if _bound(node) or node.op == "linear_classifier" else -scores
        both = np.concatenate([first, scores], axis=1)
        if how == "LOGISTIC":
            both = _logistic(np.concatenate([-scores, scores], axis=1))
        return chosen, np.asarray(both, dtype=np.float32)
    chosen = names[scores.argmax(axis=1)]
    if how == "SOFTMAX":
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        return chosen, np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
    return chosen, np.asarray(_logistic(scores) if how == "LOGISTIC" else scores, dtype=np.float32)


def _logistic(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-x)))


def _bound(node: Node) -> float:
    """Above what a single score wins."""
    votes = node.attributes.get("class_weights")
    return 0.5 if votes and all(v >= 0 for v in votes) else 0.0


def decided(node: Node, new: Writing, scores: str) -> list[Node]:
    """The same as operators; the outputs of the node are the class and the scores, of which either may be absent."""
    names, how = labels(node), transform(node)
    chosen, last = Chain(new), Chain(new)
    if new.tensor(scores).shape[1] == 1:
        wins = chosen("reshape", chosen("greater", scores, _bound(node)), [-1])
        chosen("where", wins, names[1:2], names[:1])
        if how == "LOGISTIC":
            last("sigmoid", last("concat", last("neg", scores), scores, axis=1))
        elif _bound(node) or node.op == "linear_classifier":
            last("concat", last("sub", new.constant([[1.0]]), scores), scores, axis=1)
        else:
            last("concat", last("neg", scores), scores, axis=1)
    else:
        chosen("gather", names, chosen("arg_max", scores, axis=1, keepdims=0))
        last({"NONE": "identity", "SOFTMAX": "softmax", "LOGISTIC": "sigmoid"}[how], scores)
    done = [
        made.into(Node("", (), (out,)))
        for made, out in zip((chosen, last), (*node.outputs, "", "")[:2], strict=True)
        if out
    ]
    return [n for nodes in done for n in nodes]
