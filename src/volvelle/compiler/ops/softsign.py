"""x / (1 + |x|)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Softsign"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(x / (1 + np.abs(x)), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    made("div", x, made("add", made("abs", x), 1.0))
    return made.into(node)
