"""x held between two bounds; no number stays none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node

OP = "Clip"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(
    node: Node, x: NDArray[Any], low: NDArray[Any] | None = None, high: NDArray[Any] | None = None
) -> NDArray[Any]:
    """The upper bound wins where the bounds cross."""
    low = node.attributes.get("min") if low is None else low
    high = node.attributes.get("max") if high is None else high
    made = x if low is None else np.maximum(x, np.asarray(low, x.dtype))
    return np.asarray(made if high is None else np.minimum(made, np.asarray(high, x.dtype)))


def express(node: Node, kinds: tuple[str, ...], x: str, low: str = "", high: str = "") -> str:
    """Bounds that are absent ask nothing."""
    low, high = (b or _stated(node, n, kinds[0]) for b, n in ((low, "min"), (high, "max")))
    held = f"({x} < {low} ? {low} : {x})" if low else x
    return f"({held} > {high} ? {high} : {held})" if high else held


def bounds(
    node: Node, x: tuple[int, int], low: tuple[int, int] | None = None, high: tuple[int, int] | None = None
) -> tuple[int, int]:
    """Of whole numbers."""
    least, most = low or x, high or x
    return min(max(x[0], least[0]), most[1]), max(min(x[1], most[1]), least[0])


def _stated(node: Node, name: str, kind: str) -> str:
    """A bound of the older form, an attribute."""
    if name not in node.attributes:
        return ""
    return literal((np.float32 if kind == "float" else np.float64)(node.attributes[name]))
