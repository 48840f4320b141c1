"""The sum of two quantised values: how Add between quantisers is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node

OP = "QAdd"
DOMAIN = "volvelle"
ELEMENTWISE = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Both by their share of the scale, and one number for all zero points; every step is rounded once to float32."""
    first, second, rest = (np.float64(node.attributes[k]) for k in ("first", "second", "rest"))
    up, limits = node.attributes["up"], np.iinfo(a.dtype)
    made = ((a.astype(np.int64) + up) * first + ((b.astype(np.int64) + up) * second + rest).astype(np.float32)).astype(
        np.float32
    )
    return np.asarray(np.clip(np.rint(made), limits.min + up, limits.max + up) - up, dtype=a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """In C."""
    first, second, rest = (literal(np.float32(node.attributes[k])) for k in ("first", "second", "rest"))
    up, (least, most) = node.attributes["up"], ((0, 255) if kinds[-1] == "uint8_t" else (-128, 127))
    more = f" + {up}" if up else ""
    made = f"vv_fused((float)({a}{more}), {first}, vv_fused((float)({b}{more}), {second}, {rest}))"
    return f"vv_nearest({made}, {least + up}.0f, {most + up}.0f)" + more.replace("+", "-")
