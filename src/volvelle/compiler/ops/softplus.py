"""log(1 + exp(x)), without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Softplus"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.logaddexp(x, 0), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    rest = made("log", made("add", made("exp", made("neg", made("abs", x))), 1.0))
    made("add", made("max", x, 0.0), rest)
    return made.into(node)
