"""The logarithm of softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.errors import ModelError

OP = "LogSoftmax"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """With the largest taken off before, against overflow."""
    axis = node.attributes.get("axis", -1)
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), dtype=x.dtype)


def emit(node: Node, code: Code) -> None:
    """Along the last axis."""
    shape = code.tensor(node.inputs[0]).shape
    axis = node.attributes.get("axis", -1) % len(shape)
    if int(np.prod(shape[axis + 1 :])) != 1:
        raise ModelError("LogSoftmax is supported along the last axis", next_move="transpose before")
    rows = int(np.prod(shape[:axis]))
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    code.add(f"vv_log_softmax_{code.suffix(node.inputs[0])}({x}, {y}, {rows}, {shape[axis]});")
