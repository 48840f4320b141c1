"""The mean of all."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together
from volvelle.compiler.writing import Chain, Writing

OP = "Mean"
DOMAIN = ""


def evaluate(node: Node, *x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    together(*(a.shape for a in x))
    return np.asarray(reduce(add, x) / len(x), dtype=x[0].dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs
    made("div", made("sum", *x), float(len(x)))
    return made.into(node)
