"""The sum of all, from the left."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together

OP = "Sum"
DOMAIN = ""
ELEMENTWISE = True
WRAPS = True


def evaluate(node: Node, *x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    together(*(a.shape for a in x))
    return np.asarray(reduce(add, x))


def express(node: Node, kinds: tuple[str, ...], *x: str) -> str:
    """In C."""
    return "(" + " + ".join(x) + ")"
