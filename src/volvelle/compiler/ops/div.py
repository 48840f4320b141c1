"""a / b; of whole numbers towards zero, and 0 where b is 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together

OP = "Div"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers by their absolute values: NumPy's own division goes down, not towards zero."""
    together(a.shape, b.shape)
    if a.dtype.kind == "f":
        return np.asarray(a / b)
    made = np.where(b == 0, 0, np.abs(a) // np.where(b == 0, 1, np.abs(b)))
    return np.asarray(np.where((a < 0) != (b < 0), -made, made), dtype=a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """A constant divisor asks nothing."""
    if kinds[0] in ("float", "double") or b.lstrip("-").isdigit():
        return f"{a} / {b}"
    if kinds[0] not in ("int32_t", "int64_t"):
        return f"({b} == 0 ? 0 : {a} / {b})"
    # The one quotient that no signed type holds.
    return f"({b} == 0 ? 0 : {b} == -1 ? ({kinds[-1]})vv_less({a}) : {a} / {b})"


def bounds(node: Node, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """The extremes are at the ends, or at a divisor of 1 or -1."""
    ends = {d for d in (*b, 1, -1) if d and b[0] <= d <= b[1]}
    found = [int(abs(x) // abs(d)) * (1 if (x < 0) == (d < 0) else -1) for x in a for d in ends] or [0]
    return min(*found, 0), max(*found, 0)
