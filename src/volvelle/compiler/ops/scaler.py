"""(x - offset) times scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Scaler"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """In float32."""
    offset, scale = (np.asarray(node.attributes[n], dtype=np.float32) for n in ("offset", "scale"))
    return np.asarray((x.astype(np.float32) - offset) * scale)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    offset, scale = (np.asarray(node.attributes[n], dtype=np.float32) for n in ("offset", "scale"))
    made("mul", made("sub", made("cast", x, to=TensorProto.FLOAT), offset), scale)
    return made.into(node)
