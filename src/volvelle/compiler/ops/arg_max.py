"""The position of the largest element along an axis; the first or the last of equals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.extreme import position, write
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import MAX_ELEMENTS

OP = "ArgMax"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return position(np.argmax, node, x)


def emit(node: Node, code: Code) -> None:
    """One loop along the axis inside two over the others."""
    write(node, code, ">")


def bounds(node: Node, x: tuple[int, int] | None) -> tuple[int, int]:
    """No axis is longer than a tensor may be."""
    return 0, MAX_ELEMENTS - 1
