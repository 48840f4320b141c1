"""The product of two quantised values: how Mul between quantisers is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node

OP = "QMul"
DOMAIN = "volvelle"
ELEMENTWISE = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """The zero point of the answer is added before it is rounded, as onnxruntime does."""
    first, second, zero = (int(node.attributes[k]) for k in ("first", "second", "zero"))
    up, limits = node.attributes["up"], np.iinfo(a.dtype)
    whole = ((a.astype(np.int64) - first) * (b.astype(np.int64) - second)).astype(np.float32)
    made = whole * np.float32(node.attributes["scale"]) + np.float32(zero + up)
    return np.asarray(np.clip(np.rint(made), limits.min + up, limits.max + up) - up, dtype=a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """In C."""
    first, second, zero = (int(node.attributes[k]) for k in ("first", "second", "zero"))
    up, (least, most) = node.attributes["up"], ((0, 255) if kinds[-1] == "uint8_t" else (-128, 127))
    product = f"(float)((int32_t)({a} - {literal(np.int64(first))}) * ({b} - {literal(np.int64(second))}))"
    made = f"{product} * {literal(np.float32(node.attributes['scale']))} + {literal(np.float32(zero + up))}"
    return f"vv_nearest({made}, {least + up}.0f, {most + up}.0f)" + (f" - {up}" if up else "")
