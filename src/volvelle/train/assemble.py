"""Puts preparation and models into one ONNX graph: the artefact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle.model.graph import Graph, Value
from volvelle.model.limits import inspect
from volvelle.model.parts import MEMBERS
from volvelle.model.signature import Signature
from volvelle.prepare.recipe import Recipe, emit, graph_inputs
from volvelle.train.ending import close
from volvelle.train.learning import Learnt, answer, write
from volvelle.train.records import Calibration


class Part(NamedTuple):
    """One member of the artefact: what it learnt, from which recipe, and its share in the mean."""

    learnt: Learnt
    recipe: Recipe
    weight: float = 1.0


def assemble(signature: Signature, parts: Sequence[Part], facts: dict[str, str]) -> bytes:
    """The whole ONNX file of recipes and models: `scored`, with the outputs of `ending.close`."""
    return finish(scored(signature, parts, facts), signature)


def scored(signature: Signature, parts: Sequence[Part], facts: dict[str, str]) -> bytes:
    """The ONNX bytes up to the answers; members of one view share the nodes of its recipe.

    One output, ``answers`` float ``[N, classes]`` or ``[N, 1]``. `facts` travel in the metadata.
    """
    graph, answers = _written(signature, parts, sets=False)
    if graph.mixed:
        graph, answers = _written(signature, parts, sets=True)
    weights = [part.weight for part in parts]
    if len(parts) > 1:
        facts = {**facts, MEMBERS: json.dumps([[a.name, w] for a, w in zip(answers, weights, strict=True)])}
    return graph.finish(facts)


def finish(content: bytes, signature: Signature, calibration: Calibration | None = None) -> bytes:
    """The file that ships, from what `scored` gave. The signature travels in the metadata."""
    model = inspect(content)
    graph, outputs = Graph.resume(model)
    facts = {p.key: p.value for p in model.metadata_props}
    facts |= close(graph, outputs["answers"], signature, calibration)
    return graph.finish({**facts, "signature": msgspec.json.encode(signature).decode()})


def _written(signature: Signature, parts: Sequence[Part], *, sets: bool) -> tuple[Graph, list[Value]]:
    """The graph and the answer of each member."""
    graph = Graph("volvelle", sets=sets)
    inputs = graph_inputs(graph, signature)
    features: dict[str, Value] = {}
    answers = []
    for part in parts:
        if part.recipe.key not in features:
            features[part.recipe.key] = emit(graph, inputs, part.recipe, signature)
        answers.append(write(graph, features[part.recipe.key], part.learnt))
    graph.output("answers", _mean(graph, answers, [p.weight for p in parts]))
    return graph, answers


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


def _mean(graph: Graph, answers: Sequence[Value], weights: Sequence[float]) -> Value:
    """`weighted` in the graph."""
    if len(answers) == 1:
        return answers[0]
    total: Value | None = None
    for given, weight in zip(answers, weights, strict=True):
        share = graph.node("Mul", graph.cast(given, "double"), graph.constant(np.array([weight])))
        total = share if total is None else graph.node("Add", total, share)
    return graph.cast(total or answers[0], "float")
