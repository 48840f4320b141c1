"""Puts preparation and estimator into one ONNX graph: the artefact."""

from __future__ import annotations

from typing import Any

import msgspec

from volvelle.model.graph import Graph
from volvelle.model.signature import Signature
from volvelle.prepare.recipe import Recipe, emit, graph_inputs
from volvelle.train.contract import Estimator


def assemble(signature: Signature, recipe: Recipe, estimator: Estimator, fitted: Any, facts: dict[str, str]) -> bytes:
    """The ONNX bytes of recipe and estimator.

    Outputs: ``label`` int64 ``[N]`` (of equal scores the first class) and ``scores`` float ``[N, classes]``, or
    ``prediction`` float ``[N, 1]``. The signature and `facts` travel in the metadata.
    """
    graph = Graph("volvelle")
    inputs = graph_inputs(graph, signature)
    answer = graph.cast(estimator.emit(graph, emit(graph, inputs, recipe, signature), fitted), "float")
    if signature.task == "regression":
        graph.output("prediction", answer)
    else:
        label = graph.node("ArgMax", answer, kind="int64", width=1, axis=1, keepdims=0)
        graph.output("label", label, vector=True)
        graph.output("scores", answer)
    return graph.finish({**facts, "signature": msgspec.json.encode(signature).decode()})
