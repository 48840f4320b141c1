"""x in the type of y."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from onnx import helper

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Writing

OP = "CastLike"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    return x.astype(y.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """The type is known."""
    to = helper.np_dtype_to_tensor_dtype(new.tensor(node.inputs[1]).dtype)
    return [Node("cast", node.inputs[:1], node.outputs, {"to": to})]
