"""A convolution and its sum with another value, in real numbers: how the end of a residual block is carried out."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from volvelle.compiler import holding
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.ops import conv

OP = "Join"
DOMAIN = "volvelle"
OVER = 3


def evaluate(node: Node, x: NDArray[Any], w: NDArray[Any], b: NDArray[Any] | None, other: NDArray[Any]) -> NDArray[Any]:
    """Those of the operators, one after the other; bounds hold the sum.

    >>> import numpy as np
    >>> x = np.array([[[1, 2], [3, 4]]], np.float32)
    >>> given = np.array([[[2], [1]]], np.float32), None, np.array([[[5, -9]]], np.float32)
    >>> evaluate(Node("join", ("x", "w", "", "a"), ("y",), {"held": (0.0, float("inf"))}), x, *given)
    array([[[10.,  0.]]], dtype=float32)
    """
    alone = Node("conv", node.inputs[:3], node.outputs, {k: v for k, v in node.attributes.items() if k != "held"})
    return holding.limited(node, conv.evaluate(alone, x, w, b) + other)


def emit(node: Node, code: Code) -> None:
    """The other value is added where an answer is made, and read before it is written."""
    conv.write(node, code, code.pointer(node.inputs[3]))
