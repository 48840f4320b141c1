"""All values in one row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "FeatureVectorizer"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, *x: NDArray[Any]) -> NDArray[Any]:
    """In float32, one after another."""
    widths = node.attributes.get("inputdimensions")
    flat = [a.reshape(a.shape[0], -1).astype(np.float32) for a in x]
    if widths and list(widths) != [a.shape[1] for a in flat]:
        raise ModelError("FeatureVectorizer that cuts or fills its inputs is not supported")
    return np.concatenate(flat, axis=1)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a concatenation."""
    made = Chain(new)
    parts = [made("cast", made("reshape", x, [new.tensor(x).shape[0], -1]), to=TensorProto.FLOAT) for x in node.inputs]
    made("concat", *parts, axis=1)
    return made.into(node)
