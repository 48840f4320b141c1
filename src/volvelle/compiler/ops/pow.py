"""a to the power of b, a real."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together
from volvelle.errors import ModelError

OP = "Pow"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    if a.dtype.kind != "f":
        raise ModelError("Pow of whole numbers is not supported", next_move="cast to float before")
    together(a.shape, b.shape)
    return np.asarray(np.power(a, b.astype(a.dtype)), dtype=a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """Squares are products."""
    if b in ("2.0f", "2.0", "2"):
        return f"{a} * {a}"
    kind = kinds[0]
    return f"vv_pow{'f' if kind == 'float' else ''}({a}, ({kind}){b})"
