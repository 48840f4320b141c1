"""The mean of every channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "GlobalAveragePool"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.mean(x, axis=tuple(range(2, x.ndim)), keepdims=True), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    axes = list(range(2, len(new.tensor(x).shape)))
    made("reduce_mean", x, axes=axes, keepdims=1)
    return made.into(node)
