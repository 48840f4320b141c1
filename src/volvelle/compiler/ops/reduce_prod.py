"""The product along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.offsets import in_turn
from volvelle.compiler.reduce import apart, reduced, write
from volvelle.compiler.writing import Writing

OP = "ReduceProd"
DOMAIN = ""
overlap = in_turn
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], axes: NDArray[Any] | None = None) -> NDArray[Any]:
    """NumPy's own, in the type of x."""
    return reduced(np.prod, node, x, axes)


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """Only where the axes are no neighbours."""
    return apart(node, new)


def emit(node: Node, code: Code) -> None:
    """One loop over what is reduced inside two over what is kept."""
    write(node, code, "prod")
