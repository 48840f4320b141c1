"""The difference of two quantised values: how Sub between quantisers is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node

OP = "QSub"
DOMAIN = "volvelle"
ELEMENTWISE = True


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """In real numbers as onnxruntime computes it, which has no form in whole ones; every step is rounded to float32.

    >>> given = {"points": (0, 2, -1), "scales": (0.5, 0.25, 0.1), "bounds": (-128, 127)}
    >>> evaluate(Node("q_sub", ("a", "b"), ("y",), given), np.array([4, 127], np.int8), np.array([6, -9], np.int8))
    array([  9, 127], dtype=int8)
    """
    (first, second, zero), (least, most) = node.attributes["points"], node.attributes["bounds"]
    one, two, step = (np.float32(s) for s in node.attributes["scales"])
    made = ((a.astype(np.int32) - first).astype(np.float32) * one) - (b.astype(np.int32) - second).astype(
        np.float32
    ) * two
    return np.asarray(np.clip(np.rint(made / step) + np.float32(zero), least, most), dtype=a.dtype)


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """In C."""
    (first, second, zero), (least, most) = node.attributes["points"], node.attributes["bounds"]
    one, two, step = (literal(np.float32(s)) for s in node.attributes["scales"])
    terms = f"(float)({a} - {literal(np.int64(first))}) * {one} - (float)({b} - {literal(np.int64(second))}) * {two}"
    ends = f"{literal(np.float32(least - zero))}, {literal(np.float32(most - zero))}"
    return f"vv_nearest(({terms}) / {step}, {ends}) + {literal(np.int64(zero))}"
