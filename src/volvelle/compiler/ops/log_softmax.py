"""The logarithm of softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import folding
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.offsets import in_turn
from volvelle.compiler.writing import Writing

OP = "LogSoftmax"
DOMAIN = ""
overlap = in_turn


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """With the largest taken off before, against overflow."""
    given, axis = (x, folding.axis(node, x.ndim)) if node.version >= 13 else (folding.matrix(node, x), -1)
    shifted = given - given.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), dtype=x.dtype).reshape(x.shape)


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """Along the last axis of a matrix."""
    return folding.along_last(node, new)


def emit(node: Node, code: Code) -> None:
    """Row by row."""
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    shape = code.tensor(node.inputs[0]).shape
    rows = int(np.prod(shape[:-1]))
    code.add(f"vv_log_softmax_{code.suffix(node.inputs[0])}({x}, {y}, {rows}, {shape[-1]});")
