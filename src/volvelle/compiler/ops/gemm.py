"""alpha * A B + beta * C."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.dense import dense
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room
from volvelle.errors import ModelError

OP = "Gemm"
DOMAIN = ""


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any], c: NDArray[Any] | None = None) -> NDArray[Any]:
    """alpha * A B + beta * C, each matrix transposed if told so."""
    given = node.attributes
    left = a.T if given.get("transA") else a
    right = b.T if given.get("transB") else b
    room((left.shape[0], right.shape[1]))
    made = left @ right
    if given.get("alpha", 1.0) != 1.0:
        made = made * a.dtype.type(given["alpha"])
    return np.asarray(made if c is None else made + c * a.dtype.type(given.get("beta", 1.0)), dtype=a.dtype)


def emit(node: Node, code: Code) -> None:
    """Weights lie row by row of the output, one dot product each."""
    given = node.attributes
    x, weights = code.tensor(node.inputs[0]), code.tensor(node.inputs[1])
    if weights.value is None or x.shape[0] != 1 or given.get("transA"):
        raise ModelError("Gemm of two computed matrices is not supported", next_move="multiply by constants")
    w = weights.value if given.get("transB") else weights.value.T
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    if alpha != 1.0:
        # Doubling and halving change no other bit, so that they may be done beforehand.
        w = w * w.dtype.type(alpha)
    rows = len(w)
    bias = np.zeros(rows, dtype=w.dtype)
    if len(node.inputs) > 2 and node.inputs[2]:
        c = code.tensor(node.inputs[2]).value
        if c is None:
            raise ModelError("Gemm with a computed bias is not supported", next_move="add it behind")
        bias = np.broadcast_to(c.reshape(-1) if c.size == rows else c, (1, rows)).reshape(-1) * w.dtype.type(beta)
    out = node.outputs[0]
    dense(code, node.inputs[0], out, np.ascontiguousarray(w), bias)
