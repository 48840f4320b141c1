"""The class of the largest linear score, and the scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.scores import classified, decided, linear
from volvelle.compiler.writing import Chain, Writing

OP = "LinearClassifier"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """In float32."""
    weights, bias = linear(node, x.shape)
    return classified(node, np.asarray(x.astype(np.float32) @ weights.T + bias))


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a matrix product, and what is made of its scores."""
    made = Chain(new)
    x = node.inputs[0]
    weights, bias = linear(node, new.tensor(x).shape)
    scores = made("gemm", made("cast", x, to=TensorProto.FLOAT), weights, bias, transB=1)
    return [*made.nodes, *decided(node, new, scores)]
