"""x where positive, else 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "Relu"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.maximum(x, 0), dtype=x.dtype)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    return f"({x} < 0 ? 0 : {x})"
