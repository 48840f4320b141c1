"""Puts preparation and models into one ONNX graph: the artefact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.signature import Signature
from volvelle.prepare.recipe import Recipe, emit, graph_inputs
from volvelle.train.learning import Learnt, answer, write


class Part(NamedTuple):
    """One member of the artefact: what it learnt, from which recipe, and its share in the mean."""

    learnt: Learnt
    recipe: Recipe
    weight: float = 1.0


def assemble(signature: Signature, parts: Sequence[Part], facts: dict[str, str]) -> bytes:
    """The ONNX bytes of recipes and models; members of one view share the nodes of its recipe.

    Outputs: ``label`` int64 ``[N]`` (of equal scores the first class; the positive one above the signature's
    threshold, where it has one) and ``scores`` float ``[N, classes]``, or ``prediction`` float ``[N, 1]``. The
    signature and `facts` travel in the metadata.
    """
    graph = _written(signature, parts, sets=False)
    if graph.mixed:
        graph = _written(signature, parts, sets=True)
    return graph.finish({**facts, "signature": msgspec.json.encode(signature).decode()})


def _written(signature: Signature, parts: Sequence[Part], *, sets: bool) -> Graph:
    graph = Graph("volvelle", sets=sets)
    inputs = graph_inputs(graph, signature)
    features: dict[str, Value] = {}
    answers = []
    for part in parts:
        if part.recipe.key not in features:
            features[part.recipe.key] = emit(graph, inputs, part.recipe, signature)
        answers.append(write(graph, features[part.recipe.key], part.learnt))
    mean = _mean(graph, answers, [p.weight for p in parts])
    if signature.task == "regression":
        graph.output("prediction", mean)
    else:
        graph.output("label", _label(graph, mean, signature), vector=True)
        graph.output("scores", mean)
    return graph


def expected(parts: Sequence[Part], features: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """What the libraries themselves answer: the weighted mean of the members, float32 ``[n, classes]`` or ``[n, 1]``.

    Args:
        parts: the members.
        features: of the rows, by the key of each member's recipe.
    """
    given = [np.asarray(answer(p.learnt, features[p.recipe.key]), dtype=np.float32) for p in parts]
    return weighted(given, [p.weight for p in parts])


def weighted(answers: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    """The weighted mean, added in double precision in the order of the members; a single answer as it is.

    >>> weighted([np.float32([[0.0, 1.0]]), np.float32([[1.0, 0.0]])], [0.75, 0.25]).tolist()
    [[0.25, 0.75]]
    """
    if len(answers) == 1:
        return answers[0]
    total = answers[0].astype(np.float64) * weights[0]
    for given, weight in zip(answers[1:], weights[1:], strict=True):
        total = total + given.astype(np.float64) * weight
    return total.astype(np.float32)


def labels(scores: NDArray[Any], signature: Signature) -> NDArray[np.int64]:
    """Class positions ``[n]`` for float32 scores ``[n, classes]``, as the graph gives them."""
    if signature.threshold is None or signature.positive is None:
        return np.asarray(np.argmax(scores, axis=1), dtype=np.int64)
    above = scores[:, signature.positive] > np.float32(signature.threshold)
    return np.where(above, signature.positive, 1 - signature.positive).astype(np.int64)


def _mean(graph: Graph, answers: Sequence[Value], weights: Sequence[float]) -> Value:
    """`weighted` in the graph."""
    if len(answers) == 1:
        return answers[0]
    total: Value | None = None
    for given, weight in zip(answers, weights, strict=True):
        share = graph.node("Mul", graph.cast(given, "double"), graph.constant(np.array([weight])))
        total = share if total is None else graph.node("Add", total, share)
    return graph.cast(total or answers[0], "float")


def _label(graph: Graph, scores: Value, signature: Signature) -> Value:
    """`labels` in the graph, ``[N]``."""
    if signature.threshold is None or signature.positive is None:
        return graph.node("ArgMax", scores, kind="int64", width=1, axis=1, keepdims=0)
    score = graph.node("Gather", scores, graph.constant(np.int64(signature.positive)), axis=1, width=1)
    above = graph.node("Greater", score, graph.constant(np.float32(signature.threshold)), kind="bool")
    yes, no = (graph.constant(np.int64(c)) for c in (signature.positive, 1 - signature.positive))
    return graph.node("Where", above, yes, no, kind="int64", width=1)
