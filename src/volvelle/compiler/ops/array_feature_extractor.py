"""Columns of x at positions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "ArrayFeatureExtractor"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any], index: NDArray[Any]) -> NDArray[Any]:
    """Of the last axis; a single row is a matrix."""
    return np.take(np.atleast_2d(x), index.reshape(-1), axis=-1)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a gather."""
    made = Chain(new)
    x, index = node.inputs
    shape = new.tensor(x).shape
    wide = x if len(shape) > 1 else made("reshape", x, [1, *shape])
    made("gather", wide, made("reshape", index, [-1]), axis=max(len(shape), 2) - 1)
    return made.into(node)
