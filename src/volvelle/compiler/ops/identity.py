"""x itself."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node

OP = "Identity"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Nothing is done."""
    return x


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """The same elements in the same order."""
    return 0


def bounds(node: Node, x: tuple[int, int] | None, *others: Any) -> tuple[int, int] | None:
    """Unchanged."""
    return x


def idle(node: Node, graph: Graph) -> bool:
    """Always."""
    return True
