"""The sine of an angle in radians, of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.errors import ModelError

OP = "Sin"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.sin(x), dtype=x.dtype)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    if kinds[0] != "float":
        raise ModelError(f"Sin of {kinds[0]} is not compiled", next_move="cast the angle to float")
    return f"vv_wave({x}, 0u)"
