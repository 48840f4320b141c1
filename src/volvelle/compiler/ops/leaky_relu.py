"""x where positive, else alpha * x."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node

OP = "LeakyRelu"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """In the type of x."""
    return np.asarray(np.where(x < 0, x * x.dtype.type(node.attributes.get("alpha", 0.01)), x))


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """In C."""
    kind = np.float32 if kinds[0] == "float" else np.float64
    return f"({x} < 0 ? {x} * {literal(kind(node.attributes.get('alpha', 0.01)))} : {x})"
