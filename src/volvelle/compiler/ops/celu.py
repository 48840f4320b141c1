"""max(0, x) + min(0, alpha (exp(x / alpha) - 1))."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Celu"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    alpha = node.attributes.get("alpha", 1.0)
    return np.asarray(np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(x / alpha)), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    alpha = node.attributes.get("alpha", 1.0)
    low = made("mul", made("sub", made("exp", made("min", made("div", x, alpha), 0.0)), 1.0), alpha)
    made("add", made("max", x, 0.0), low)
    return made.into(node)
