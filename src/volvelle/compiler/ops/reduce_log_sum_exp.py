"""The logarithm of the sum of exponentials along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.reduce import reduced
from volvelle.compiler.writing import Chain, Writing

OP = "ReduceLogSumExp"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], axes: NDArray[Any] | None = None) -> NDArray[Any]:
    """NumPy's own, in the type of x."""
    return _evaluated(node, x, axes)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x, axes = node.inputs[0], node.inputs[1:]
    kept = {**node.attributes, "keepdims": 1}
    # Infinity less itself is no number; less the largest finite one it stays infinite.
    end = float(np.finfo(new.tensor(x).dtype).max)
    most = made("clip", made("reduce_max", x, *axes, **kept), -end, end)
    total = made("reduce_sum", made("exp", made("sub", x, most)), *axes, **node.attributes)
    made("add", made("log", total), made("clip", made("reduce_max", x, *axes, **node.attributes), -end, end))
    return made.into(node)


def _evaluated(node: Node, x: NDArray[Any], axes: NDArray[Any] | None) -> NDArray[Any]:
    return np.asarray(np.log(reduced(np.sum, node, np.exp(x), axes)), dtype=x.dtype)
