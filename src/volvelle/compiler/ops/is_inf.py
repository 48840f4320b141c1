"""Whether x is infinite, of the signs asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "IsInf"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Both signs, if not told otherwise."""
    signs = node.attributes.get("detect_positive", 1), node.attributes.get("detect_negative", 1)
    return np.asarray((np.isposinf(x) & bool(signs[0])) | (np.isneginf(x) & bool(signs[1])))


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """Beyond the largest finite number of the type."""
    most = "FLT_MAX" if kinds[0] == "float" else "DBL_MAX"
    above = f"{x} > {most}" if node.attributes.get("detect_positive", 1) else "false"
    below = f"{x} < -{most}" if node.attributes.get("detect_negative", 1) else "false"
    return f"({above} || {below})"
