"""Two quantised values and an operator in real numbers: how what has no form in whole ones is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node

OP = "QPair"
DOMAIN = "volvelle"
ELEMENTWISE = True

SIGNS = {"add": ("+", np.add), "sub": ("-", np.subtract), "mul": ("*", np.multiply), "div": ("/", np.divide)}


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """As onnxruntime computes what it does not fuse; every step is rounded to float32, and no number is the least.

    >>> given = {"how": "sub", "points": (0, 2, -1), "scales": (0.5, 0.25, 0.1), "bounds": (-128, 127)}
    >>> evaluate(Node("q_pair", ("a", "b"), ("y",), given), np.array([4, 127], np.int8), np.array([6, -9], np.int8))
    array([  9, 127], dtype=int8)
    """
    (first, second, zero), (least, most) = node.attributes["points"], node.attributes["bounds"]
    one, two, step = (np.float32(s) for s in node.attributes["scales"])
    terms = (
        (a.astype(np.int32) - first).astype(np.float32) * one,
        (b.astype(np.int32) - second).astype(np.float32) * two,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.rint(SIGNS[node.attributes["how"]][1](*terms) / step)
    return np.asarray(
        np.clip(np.nan_to_num(whole, nan=-1e9, posinf=1e9, neginf=-1e9) + zero, least, most), dtype=a.dtype
    )


def express(node: Node, kinds: tuple[str, ...], a: str, b: str) -> str:
    """In C."""
    (first, second, zero), (least, most) = node.attributes["points"], node.attributes["bounds"]
    one, two, step = (literal(np.float32(s)) for s in node.attributes["scales"])
    terms = (f"(float)({v} - {literal(np.int64(p))}) * {s}" for v, p, s in ((a, first, one), (b, second, two)))
    made = f" {SIGNS[node.attributes['how']][0]} ".join(f"({t})" for t in terms)
    ends = f"{literal(np.float32(least - zero))}, {literal(np.float32(most - zero))}"
    return f"vv_nearest(({made}) / {step}, {ends}) + {literal(np.int64(zero))}"
