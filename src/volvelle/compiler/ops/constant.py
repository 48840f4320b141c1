"""A constant."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.errors import ModelError

OP = "Constant"
DOMAIN = ""


def evaluate(node: Node) -> NDArray[Any]:
    """Whichever attribute holds it."""
    for name, kind in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64)):
        if name in node.attributes:
            return np.asarray(node.attributes[name], dtype=kind)
    if "value_ints" in node.attributes:
        return np.asarray(node.attributes["value_ints"], dtype=np.int64)
    if "value" not in node.attributes:
        raise ModelError("a constant of texts or a sparse one is not supported", next_move="use numbers")
    return np.asarray(node.attributes["value"])
