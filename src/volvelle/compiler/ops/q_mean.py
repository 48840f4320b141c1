"""The mean of every channel in whole numbers: how GlobalAveragePool between quantisers is carried out."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node
from volvelle.compiler.offsets import in_turn
from volvelle.compiler.scaling import Rescaling, saturated

OP = "QMean"
DOMAIN = "volvelle"
overlap = in_turn


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Sums, rescaled; where onnxruntime adds real numbers, in four lanes as it does."""
    how: Rescaling = node.attributes["rescaling"]
    whole = x.astype(np.int64) - node.attributes["back"]
    if "real" not in node.attributes:
        total = whole.sum(axis=tuple(range(2, x.ndim)), keepdims=True)
        return saturated(how, total.astype(np.float32), x.dtype)
    scale, step = (np.float32(s) for s in node.attributes["real"])
    terms = (whole.astype(np.float32) * scale).reshape(*x.shape[:2], -1)
    size, fours = terms.shape[-1], terms.shape[-1] // 4 * 4
    lanes = [reduce(np.add, (terms[..., k] for k in range(j, fours, 4)), np.float32(0)) for j in range(4)]
    rest = (terms[..., k] for k in range(fours, size))
    total = np.asarray(reduce(np.add, rest, (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])))
    made = (total / np.float32(size) / step).reshape(*x.shape[:2], *(1 for _ in x.shape[2:]))
    return saturated(replace(how, scale=np.ones((), np.float32)), made.astype(np.float32), x.dtype)


def emit(node: Node, code: Code) -> None:
    """Channel by channel."""
    how: Rescaling = node.attributes["rescaling"]
    shape, kind = code.tensor(node.inputs[0]).shape, code.suffix(node.inputs[0])
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    scales = ", ".join(literal(np.float32(s)) for s in node.attributes.get("real", how.scale.reshape(-1)))
    sizes = f"{shape[1]}, {int(np.prod(shape[2:]))}, {node.attributes['back']}, {scales}"
    name = "q_lanes" if "real" in node.attributes else "q_mean"
    code.add(f"vv_{name}_{kind}({x}, {y}, {sizes}, {how.bounds(kind)});")
