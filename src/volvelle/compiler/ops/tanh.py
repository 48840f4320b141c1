"""The hyperbolic tangent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "Tanh"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.tanh(x), dtype=x.dtype)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    suffix = "f" if kinds[0] == "float" else ""
    return f"vv_tanh{suffix}({x})"
