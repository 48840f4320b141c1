"""x, and alpha (exp(x) - 1) below 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Elu"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    low = np.expm1(np.minimum(x, 0)) * node.attributes.get("alpha", 1.0)
    return np.asarray(np.where(x < 0, low, x), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    low = made("mul", made("sub", made("exp", made("min", x, 0.0)), 1.0), node.attributes.get("alpha", 1.0))
    made("where", made("less", x, 0.0), low, x)
    return made.into(node)
