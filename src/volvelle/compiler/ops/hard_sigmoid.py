"""alpha x + beta, held between 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "HardSigmoid"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return np.asarray(np.clip(x * x.dtype.type(alpha) + x.dtype.type(beta), 0, 1), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    made("max", made("min", made("add", made("mul", x, alpha), beta), 1.0), 0.0)
    return made.into(node)
