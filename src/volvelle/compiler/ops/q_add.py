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
    limits = np.iinfo(a.dtype)
    made = (a * first + (b * second + rest).astype(np.float32)).astype(np.float32)
    return np.clip(np.rint(made), limits.min, limits.max).astype(a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """In C."""
    least, most = ("0.0f", "255.0f") if kinds[-1] == "uint8_t" else ("-128.0f", "127.0f")
    first, second, rest = (literal(np.float32(node.attributes[k])) for k in ("first", "second", "rest"))
    return f"vv_nearest(vv_fused({a}, {first}, vv_fused({b}, {second}, {rest})), {least}, {most})"
