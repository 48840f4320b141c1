"""-1, 0 or 1; of no number none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "Sign"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.sign(x), dtype=x.dtype)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    zero = {"float": "0.0f", "double": "0.0"}.get(kinds[0], "0")
    return f"({x} > 0 ? {zero} + 1 : ({x} < 0 ? {zero} - 1 : ({x} == 0 ? {zero} : {x})))"
