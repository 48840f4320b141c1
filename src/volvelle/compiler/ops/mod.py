"""The rest of a / b; with the sign of b, or of a if fmod."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together
from volvelle.errors import ModelError

OP = "Mod"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own two; whole numbers only."""
    if a.dtype.kind == "f":
        raise ModelError("Mod of real numbers is not supported", next_move="cast to whole numbers before")
    together(a.shape, b.shape)
    safe = np.where(b == 0, 1, b)
    return np.asarray(np.fmod(a, safe) if node.attributes.get("fmod") else np.mod(a, safe), dtype=a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """C's rest has the sign of a."""
    if not b.isdigit():
        return f"({kinds[-1]})vv_{'rest' if node.attributes.get('fmod') else 'mod'}({a}, {b})"
    return f"{a} % {b}" if node.attributes.get("fmod") else f"({a} % {b} + {b}) % {b}"


def bounds(node: Node, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Less than the divisor."""
    most = max(abs(b[0]), abs(b[1]), 1) - 1
    return (0, most) if b[0] > 0 and not node.attributes.get("fmod") else (-most, most)
