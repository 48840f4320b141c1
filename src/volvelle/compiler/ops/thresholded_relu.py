"""x where it is above alpha, else 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "ThresholdedRelu"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.where(x > node.attributes.get("alpha", 1.0), x, 0), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    made("where", made("greater", x, node.attributes.get("alpha", 1.0)), x, 0.0)
    return made.into(node)
