"""x as a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node

OP = "Flatten"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """All dimensions before `axis` as rows."""
    axis = node.attributes.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """The same elements in the same order."""
    return 0


def bounds(node: Node, x: tuple[int, int] | None, *others: Any) -> tuple[int, int] | None:
    """Unchanged."""
    return x
