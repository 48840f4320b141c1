"""a * b."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together

OP = "Mul"
DOMAIN = ""
ELEMENTWISE = True
WRAPS = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own, once the broadcast shape is allowed."""
    together(a.shape, b.shape)
    return np.asarray(a * b)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """In C."""
    return f"{a} * {b}"


def bounds(node: Node, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Of whole numbers."""
    found = [x * y for x in a for y in b]
    return min(found), max(found)
