"""One value in every place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room

OP = "ConstantOfShape"
DOMAIN = ""
CONSTANT = (0,)


def evaluate(node: Node, shape: NDArray[Any]) -> NDArray[Any]:
    """Zero in float32, if no value is told."""
    value = np.asarray(node.attributes.get("value", np.zeros(1, np.float32))).reshape(-1)[0]
    return np.full(room(tuple(int(d) for d in shape)), value)
