"""The root of the sum of squares along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.reduce import reduced
from volvelle.compiler.writing import Chain, Writing

OP = "ReduceL2"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], axes: NDArray[Any] | None = None) -> NDArray[Any]:
    """NumPy's own, in the type of x."""
    return np.asarray(np.sqrt(reduced(np.sum, node, x * x, axes)), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x, axes = node.inputs[0], node.inputs[1:]
    made("sqrt", made("reduce_sum", made("mul", x, x), *axes, **node.attributes))
    return made.into(node)
