"""The dimensions of x: one row, so they are constant."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node

OP = "Shape"
DOMAIN = ""
SHAPES_ONLY = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """From start to end."""
    return np.asarray(x.shape[slice(node.attributes.get("start"), node.attributes.get("end"))], dtype=np.int64)
