"""x itself: nothing is dropped where nothing is learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node
from volvelle.errors import ModelError

OP = "Dropout"
DOMAIN = ""
CONSTANT = (2,)


def evaluate(node: Node, x: NDArray[Any], *others: Any) -> NDArray[Any]:
    """Nothing is done.

    Raises:
        ModelError: the model is meant for training.
    """
    if len(others) > 1 and others[1] is not None and np.asarray(others[1]).any():
        raise ModelError("Dropout in training mode is not supported", next_move="export the model for inference")
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
