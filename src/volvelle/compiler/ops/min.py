"""The smallest; no number where one is none."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together

OP = "Min"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, *x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    together(*(a.shape for a in x))
    return np.asarray(reduce(np.minimum, x))


def express(node: Node, kinds: tuple[str, ...], *x: str) -> str:
    """Nested, from the left."""
    real = kinds[0] in ("float", "double")
    name = f"vv_min{'f' if kinds[0] == 'float' else ''}"
    return reduce(lambda a, b: f"{name}({a}, {b})" if real else f"({a} < {b} ? {a} : {b})", x)


def bounds(node: Node, *given: tuple[int, int]) -> tuple[int, int]:
    """Of whole numbers."""
    return min(low for low, _ in given), min(high for _, high in given)
