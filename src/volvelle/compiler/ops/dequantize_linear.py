"""(x - zero point) times scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import scaling
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together
from volvelle.compiler.writing import Writing
from volvelle.errors import ModelError

OP = "DequantizeLinear"
DOMAIN = ""
ELEMENTWISE = True
CONSTANT = (1, 2)
UNFOLDED = True


def evaluate(node: Node, x: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any] | None = None) -> NDArray[Any]:
    """From int8, uint8 or int32 to float32."""
    wrong = x.dtype not in (*scaling.SMALL, np.int32) or scale.dtype.kind != "f"
    if wrong or node.attributes.get("output_dtype", 0) not in (0, 1):
        raise ModelError(f"DequantizeLinear of {x.dtype} with {scale.dtype} is not supported", next_move="use int8")
    zero = np.zeros((), x.dtype) if zero is None else zero
    if zero.dtype != x.dtype or (x.dtype == np.int32 and zero.any()):
        raise ModelError("the zero point must be of the type of x, and 0 for int32")
    scale, zero = scaling.wide(node, x.ndim, scale, zero)
    together(x.shape, scale.shape)
    return np.asarray((x.astype(np.int64) - zero).astype(scale.dtype) * scale)


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """With scale and zero point in a shape that broadcasts."""
    return scaling.explicit(node, new)


def express(node: Node, kinds: tuple[str, ...], x: str, scale: str, zero: str) -> str:
    """In C."""
    return f"(float)({x} - {zero}) * {scale}"
