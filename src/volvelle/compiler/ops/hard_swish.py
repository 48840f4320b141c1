"""x * max(0, min(1, x / 6 + 1 / 2))."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "HardSwish"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return np.asarray(x * np.clip(x / 6 + 0.5, 0, 1), dtype=x.dtype)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    suffix = "f" if kinds[0] == "float" else ""
    return f"{x} * vv_clip{suffix}({x} * {'0.16666667f' if suffix else '(1.0 / 6.0)'} + 0.5{suffix}, 0, 1)"
