"""The product of two matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.dense import dense
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room
from volvelle.errors import ModelError

OP = "MatMul"
DOMAIN = ""


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    room((a.size // a.shape[-1], b.shape[-1]))
    return np.asarray(a @ b)


def emit(node: Node, code: Code) -> None:
    """One row by constant weights."""
    x, weights = code.tensor(node.inputs[0]), code.tensor(node.inputs[1]).value
    if weights is None or weights.ndim != 2 or x.size != weights.shape[0]:
        raise ModelError("MatMul of two computed matrices is not supported", next_move="multiply one row by constants")
    dense(code, node.inputs[0], node.outputs[0], np.ascontiguousarray(weights.T), np.zeros(0, weights.dtype))
