"""x with further dimensions of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node

OP = "Unsqueeze"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], axes: NDArray[Any] | None = None) -> NDArray[Any]:
    """At the places told."""
    named = node.attributes["axes"] if axes is None else axes
    return np.expand_dims(x, tuple(int(a) for a in named))


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """The same elements in the same order."""
    return 0


def bounds(node: Node, x: tuple[int, int] | None, *others: Any) -> tuple[int, int] | None:
    """Unchanged."""
    return x
