"""What the classifiers of ai.onnx.ml make of their scores: a class, and scores after a transformation.

The standard leaves open what a single score means; here it means what it means in onnxruntime: of two classes it is
that of the second, which wins above 0, or above one half where all votes of trees are positive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
_NOTHING, _ROOT = 1e-7, 1.41421356
_FIRST, _SECOND = 2 / (3.14159 * 0.147), 1 / 0.147
"""Of the inverse of the error function, in the digits of onnxruntime."""


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
    """What is done to scores: one of `TRANSFORMS`.

    Raises:
        ModelError: it is another one.
    """
    told = node.attributes.get("post_transform", b"NONE")
    name = told.decode() if isinstance(told, bytes) else str(told)
    if name not in TRANSFORMS:
        raise ModelError(
            f"post_transform {name} is not supported", next_move=f"those that are: {', '.join(TRANSFORMS)}"
        )
    return name


def transformed(scores: NDArray[Any], how: str) -> NDArray[np.float32]:
    """Scores ``[n, classes]`` after a transformation.

    `SOFTMAX_ZERO` leaves a score of 0 out of the exponentials; `PROBIT` is the inverse of the normal distribution, by
    Winitzki's formula (A handy approximation for the error function and its inverse, 2008), which onnxruntime takes.
    """
    if how == "LOGISTIC":
        return _logistic(scores)
    if how == "PROBIT":
        x = 2 * scores - 1
        log = np.log((1 - x) * (1 + x))
        half = np.float32(_FIRST) + np.float32(0.5) * log
        root = np.sqrt(np.sqrt(half * half - np.float32(_SECOND) * log) - half)
        return np.asarray(np.sign(x) * np.float32(_ROOT) * root, dtype=np.float32)
    if how in ("SOFTMAX", "SOFTMAX_ZERO"):
        most = scores.max(axis=1, keepdims=True)
        made = np.exp(scores - most)
        if how == "SOFTMAX_ZERO":
            made = np.where(np.abs(scores) > _NOTHING, made, scores * np.exp(-most))
        return np.asarray(made / made.sum(axis=1, keepdims=True), dtype=np.float32)
    return np.asarray(scores, dtype=np.float32)


def written_transform(made: Chain, scores: str, how: str) -> str:
    """The same as operators; the last one makes the transformed scores."""
    if how == "PROBIT":
        x = made("sub", made("mul", scores, 2.0), 1.0)
        log = made("log", made("mul", made("sub", np.ones(1, np.float32), x), made("add", x, 1.0)))
        half = made("add", made("mul", log, 0.5), _FIRST)
        inner = made("sqrt", made("sub", made("mul", half, half), made("mul", log, _SECOND)))
        return made("mul", made("sqrt", made("sub", inner, half)), made("mul", made("sign", x), _ROOT))
    if how == "SOFTMAX_ZERO":
        most = made("reduce_max", scores, axes=[1], keepdims=1)
        shares = made("exp", made("sub", scores, most))
        small = made("mul", scores, made("exp", made("neg", most)))
        parts = made("where", made("greater", made("abs", scores), _NOTHING), shares, small)
        return made("div", parts, made("reduce_sum", parts, axes=[1], keepdims=1))
    return made({"NONE": "identity", "SOFTMAX": "softmax", "LOGISTIC": "sigmoid"}[how], scores)


def labels(node: Node) -> NDArray[np.int64]:
    """The classes.

    Raises:
        ModelError: they are not told.
    """
    told = node.attributes.get("classlabels_int64s") or node.attributes.get("classlabels_ints")
    if not told:
        raise ModelError("the classes are not told", next_move="export the model again")
    return np.asarray(told, dtype=np.int64)


def classified(node: Node, scores: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Class ``[n]`` and scores ``[n, classes]``."""
    names, how = labels(node), transform(node)
    if scores.shape[1] == 1:
        _check_single(how)
        chosen = names[(scores[:, 0] > _bound(node)).astype(int)]
        first = 1 - scores if _bound(node) or node.op == "linear_classifier" else -scores
        both = np.concatenate([first, scores], axis=1)
        if how == "LOGISTIC":
            both = _logistic(np.concatenate([-scores, scores], axis=1))
        return chosen, np.asarray(both, dtype=np.float32)
    chosen = names[scores.argmax(axis=1)]
    return chosen, transformed(scores, how)


def _check_single(how: str) -> None:
    if how == "PROBIT":
        raise ModelError("PROBIT of a single score is not supported", next_move="export a score for each class")


def _logistic(x: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float32)


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
        written_transform(last, scores, how)
    done = [
        made.into(Node("", (), (out,)))
        for made, out in zip((chosen, last), (*node.outputs, "", "")[:2], strict=True)
        if out
    ]
    return [n for nodes in done for n in nodes]
