"""The mean of every channel in whole numbers: how GlobalAveragePool between quantisers is carried out."""

from __future__ import annotations

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
    """Sums, rescaled."""
    whole = (x.astype(np.int64) - node.attributes["back"]).sum(axis=tuple(range(2, x.ndim)), keepdims=True)
    return saturated(node.attributes["rescaling"], whole.astype(np.float32), x.dtype)


def emit(node: Node, code: Code) -> None:
    """Channel by channel."""
    how: Rescaling = node.attributes["rescaling"]
    shape, kind = code.tensor(node.inputs[0]).shape, code.suffix(node.inputs[0])
    x, y = code.pointer(node.inputs[0]), code.pointer(node.outputs[0])
    sizes = f"{shape[1]}, {int(np.prod(shape[2:]))}, {node.attributes['back']}, {literal(how.scale.reshape(-1)[0])}"
    code.add(f"vv_q_mean_{kind}({x}, {y}, {sizes}, {how.bounds(kind)});")
