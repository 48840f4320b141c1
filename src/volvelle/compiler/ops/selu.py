"""gamma x, and gamma alpha (exp(x) - 1) below 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Selu"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    alpha, gamma = _factors(node)
    return np.asarray(np.where(x < 0, np.expm1(np.minimum(x, 0)) * alpha, x) * gamma, dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    alpha, gamma = _factors(node)
    low = made("mul", made("sub", made("exp", made("min", x, 0.0)), 1.0), alpha)
    made("mul", made("where", made("greater", x, 0.0), x, low), gamma)
    return made.into(node)


def _factors(node: Node) -> tuple[float, float]:
    given = node.attributes
    return given.get("alpha", 1.6732632), given.get("gamma", 1.050701)
