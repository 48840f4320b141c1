"""1 where x is above a threshold, else 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Binarizer"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(x > node.attributes.get("threshold", 0.0), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    one, zero = (new.constant(k, new.tensor(x).dtype) for k in (1, 0))
    made("where", made("greater", x, node.attributes.get("threshold", 0.0)), one, zero)
    return made.into(node)
