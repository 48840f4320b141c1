"""The absolute value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "Abs"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(np.abs(x), dtype=x.dtype)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    return (
        f"({x} < 0 ? -{x} : {x})"
        if kinds[0] not in ("float", "double")
        else f"vv_abs{'f' if kinds[0] == 'float' else ''}({x})"
    )
