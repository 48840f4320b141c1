"""The end of a graph: scores become calibrated, and calibrated scores a label.

It stands apart from what is learnt, so that another floor or another way of calibrating trains nothing again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import CALIBRATORS
from volvelle.model.graph import Graph, Value
from volvelle.model.parts import UNCALIBRATED
from volvelle.model.signature import Signature
from volvelle.train.records import Calibration


def close(graph: Graph, answers: Value, signature: Signature, calibration: Calibration | None = None) -> dict[str, str]:
    """Write the outputs; what the metadata should say of them.

    ``label`` int64 ``[N]`` (of equal scores the first class; the positive one above the signature's threshold, where
    it has one) and ``scores`` float ``[N, classes]``, or ``prediction`` float ``[N, 1]``.
    """
    if signature.task == "regression":
        graph.output("prediction", answers)
        return {}
    scores = answers
    if calibration is not None:
        scores = CALIBRATORS.load(calibration.method).emit(graph, answers, calibration.params)
    graph.output("label", _label(graph, scores, signature), vector=True)
    graph.output("scores", scores)
    return {} if calibration is None else {UNCALIBRATED: answers.name}


def calibrated(answers: NDArray[np.float32], calibration: Calibration | None) -> NDArray[np.float32]:
    """What the graph gives as scores for these answers, float32 ``[n, classes]``."""
    if calibration is None:
        return answers
    found: NDArray[np.float32] = CALIBRATORS.load(calibration.method).apply(calibration.params, answers)
    return found


def labels(scores: NDArray[Any], signature: Signature) -> NDArray[np.int64]:
    """Class positions ``[n]`` for float32 scores ``[n, classes]``, as the graph gives them."""
    if signature.threshold is None or signature.positive is None:
        return np.asarray(np.argmax(scores, axis=1), dtype=np.int64)
    above = scores[:, signature.positive] > np.float32(signature.threshold)
    return np.where(above, signature.positive, 1 - signature.positive).astype(np.int64)


def _label(graph: Graph, scores: Value, signature: Signature) -> Value:
    """`labels` in the graph, ``[N]``."""
    if signature.threshold is None or signature.positive is None:
        return graph.node("ArgMax", scores, kind="int64", width=1, axis=1, keepdims=0)
    score = graph.node("Gather", scores, graph.constant(np.int64(signature.positive)), axis=1, width=1)
    above = graph.node("Greater", score, graph.constant(np.float32(signature.threshold)), kind="bool")
    yes, no = (graph.constant(np.int64(c)) for c in (signature.positive, 1 - signature.positive))
    return graph.node("Where", above, yes, no, kind="int64", width=1)
