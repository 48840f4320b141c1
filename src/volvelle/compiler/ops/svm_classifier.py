"""The class that wins most duels between two classes, and probabilities or the scores of the duels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.ops import couple
from volvelle.compiler.scores import labels, transform, transformed, written_transform
from volvelle.compiler.svm import Machine, closeness, decided, machine, summed
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "SVMClassifier"
DOMAIN = "ai.onnx.ml"
_LEAST = 1e-7
"""No probability of a duel is nearer to 0 or 1."""


def evaluate(node: Node, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """In float32; without probabilities the scores of two classes are the duel's with both signs."""
    m, sizes = _machine(node, x.shape)
    names, how = labels(node), transform(node)
    scores = decided(closeness(m, x.astype(np.float32)), m.coefficients, m.rho, sizes)
    chosen = names[(_votes(len(names))[0] @ (scores > 0).T + _votes(len(names))[1][:, None]).argmax(axis=0)]
    steep, shift = _sigmoid(node, scores.shape[1])
    if steep.size:
        won = 1 / (1 + np.exp(scores * steep + shift))
        scores = couple.evaluate(node, np.clip(won, _LEAST, 1 - _LEAST).astype(np.float32))
    elif len(names) == 2:
        chosen = np.full(len(x), names[1]) if (m.coefficients >= 0).all() else chosen
        scores = np.concatenate([-scores, scores], axis=1)
    return chosen, transformed(scores.astype(np.float32), how)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a kernel, duels, votes, and the coupling of probabilities."""
    first = Chain(new)
    m, sizes = _machine(node, new.tensor(node.inputs[0]).shape)
    names, how = labels(node), transform(node)
    scores = summed(m, first, node.inputs[0], sizes)
    chosen, last = Chain(new), Chain(new)
    won, before = _votes(len(names))
    steep, shift = _sigmoid(node, len(m.rho))
    if len(names) == 2 and not steep.size and (m.coefficients >= 0).all():
        chosen("identity", names[1:])
    else:
        votes = chosen("gemm", chosen("cast", chosen("greater", scores, 0.0), to=1), won, before, transB=1)
        chosen("gather", names, chosen("arg_max", votes, axis=1, keepdims=0))
    if steep.size:
        single = last("sigmoid", last("neg", last("add", last("mul", scores, steep), shift)))
        scores = last("couple", last("clip", single, *np.array([_LEAST, 1 - _LEAST], np.float32)))
    elif len(names) == 2:
        scores = last("concat", last("neg", scores), scores, axis=1)
    written_transform(last, scores, how)
    pairs = zip((chosen, last), (*node.outputs, "", "")[:2], strict=True)
    return [*first.nodes, *(n for made, out in pairs if out for n in made.into(Node("", (), (out,))))]


def _machine(node: Node, shape: tuple[int, ...]) -> tuple[Machine, tuple[int, ...]]:
    sizes = tuple(int(n) for n in node.attributes.get("vectors_per_class") or ())
    m = machine(node, shape, sum(sizes))
    count = len(sizes)
    fits = count > 1 and len(labels(node)) == count and min(sizes) >= 0
    if not fits or len(m.coefficients) != count - 1 or len(m.rho) != count * (count - 1) // 2:
        raise ModelError(
            f"{len(labels(node))} classes, vectors of {count} classes, {len(m.coefficients)} rows of coefficients and "
            f"{len(m.rho)} decisions do not fit each other",
            next_move="export the model again",
        )
    return m, sizes


def _sigmoid(node: Node, duels_: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slopes and shifts that make probabilities of duels; empty where none are wanted."""
    steep, shift = (np.asarray(node.attributes.get(k) or (), dtype=np.float32) for k in ("prob_a", "prob_b"))
    if steep.size and (len(steep), len(shift)) != (duels_, duels_):
        raise ModelError(f"{len(steep)} and {len(shift)} numbers for probabilities do not fit {duels_} decisions")
    return steep, shift


def _votes(classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a won duel adds to each class ``[classes, duels]``, and what all lost ones give ``[classes]``."""
    pairs = list(combinations(range(classes), 2))
    won, before = np.zeros((classes, len(pairs)), np.float32), np.zeros(classes, np.float32)
    for k, (one, other) in enumerate(pairs):
        won[one, k], won[other, k] = 1, -1
        before[other] += 1
    return won, before
