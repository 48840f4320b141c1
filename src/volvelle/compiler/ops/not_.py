"""not x."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "Not"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(~x)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    return f"!{x}"
