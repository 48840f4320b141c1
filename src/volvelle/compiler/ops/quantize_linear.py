"""x / scale to the nearest whole number, half to even, plus a zero point, held inside the type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import scaling
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import together
from volvelle.compiler.writing import Writing
from volvelle.errors import ModelError

OP = "QuantizeLinear"
DOMAIN = ""
ELEMENTWISE = True
CONSTANT = (1, 2)


def evaluate(node: Node, x: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any] | None = None) -> NDArray[Any]:
    """From float32 to int8 or uint8."""
    kind = np.dtype(np.uint8 if zero is None else zero.dtype)
    told = node.attributes.get("output_dtype", 0)
    if x.dtype.kind != "f" or scale.dtype != x.dtype or kind not in scaling.SMALL or (zero is None and told):
        raise ModelError(f"QuantizeLinear from {x.dtype} to {kind} is not supported", next_move="use int8 or uint8")
    scale, zero = scaling.wide(node, x.ndim, scale, np.zeros((), kind) if zero is None else zero)
    together(x.shape, scale.shape)
    limits = np.iinfo(kind)
    whole = np.rint(np.nan_to_num(x / scale, nan=-1e9, posinf=1e9, neginf=-1e9)).astype(np.float64) + zero
    return np.asarray(np.clip(whole, limits.min, limits.max), dtype=kind)


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """With scale and zero point in a shape that broadcasts."""
    return scaling.explicit(node, new)


def express(node: Node, kinds: tuple[str, ...], x: str, scale: str, zero: str) -> str:
    """Held between the bounds before it is rounded: no number comes out as the least."""
    least, most = (0, 255) if kinds[-1] == "uint8_t" else (-128, 127)
    return f"vv_nearest({x} / {scale}, (float)({least} - {zero}), (float)({most} - {zero})) + {zero}"
