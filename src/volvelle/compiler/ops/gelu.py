"""x times the normal distribution function of x."""

from __future__ import annotations

from math import erf, pi, sqrt, tanh
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Gelu"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.vectorize(_gelu)(x, node.attributes.get("approximate", b"none")), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    if node.attributes.get("approximate", b"none") == b"tanh":
        cubic = made("add", x, made("mul", made("mul", made("mul", x, x), x), 0.044715))
        share = made("tanh", made("mul", cubic, sqrt(2 / pi)))
    else:
        share = made("erf", made("mul", x, sqrt(0.5)))
    made("mul", made("mul", x, 0.5), made("add", share, 1.0))
    return made.into(node)


def _gelu(x: float, how: bytes) -> float:
    share = tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)) if how == b"tanh" else erf(x * sqrt(0.5))
    return 0.5 * x * (1 + share)
