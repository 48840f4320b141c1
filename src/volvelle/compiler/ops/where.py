"""a where a condition holds, else b."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together

OP = "Where"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, condition: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    together(condition.shape, a.shape, b.shape)
    return np.where(condition, a, b)


def express(node: Node, kinds: tuple[str, ...], condition: str, a: str, b: str) -> str:
    """In C."""
    return f"({condition} ? {a} : {b})"


def bounds(node: Node, condition: tuple[int, int], a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Those of both."""
    return min(a[0], b[0]), max(a[1], b[1])
