"""x, and slope times x below 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "PRelu"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any], slope: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.where(x < 0, x * slope, x), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x, slope = node.inputs
    made("where", made("less", x, 0.0), made("mul", x, slope), x)
    return made.into(node)
