"""Numbers from a start in equal steps."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room

OP = "Range"
DOMAIN = ""
CONSTANT = (0, 1, 2)


def evaluate(node: Node, start: NDArray[Any], limit: NDArray[Any], delta: NDArray[Any]) -> NDArray[Any]:
    """Up to the limit, without it."""
    count = max(ceil((limit.item() - start.item()) / delta.item()), 0)
    return np.asarray(start + np.arange(room((count,))[0]) * delta, dtype=start.dtype)
