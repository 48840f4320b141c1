"""Every row divided by its norm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Normalizer"
DOMAIN = "ai.onnx.ml"
_LEAST = -float(np.finfo(np.float32).max)


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """The largest, the sum of sizes or the root of the sum of squares; a norm of 0 divides nothing."""
    given = x.astype(np.float32)
    how = _norm(node)
    if how == "MAX":
        norm = given.max(axis=-1, keepdims=True, initial=_LEAST)
    else:
        total = np.sum(np.abs(given) if how == "L1" else given * given, axis=-1, keepdims=True)
        norm = total if how == "L1" else np.sqrt(total)
    return np.asarray(given / np.where(norm == 0, 1, norm), dtype=np.float32)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    plain = made("cast", x, to=TensorProto.FLOAT)
    how = {"MAX": "reduce_max", "L1": "reduce_l1", "L2": "reduce_l2"}[_norm(node)]
    norm = made(how, plain, axes=[len(new.tensor(x).shape) - 1], keepdims=1)
    if how == "reduce_max":
        # Where all is minus infinity, onnxruntime divides by the least finite number.
        norm = made("max", norm, _LEAST)
    made("div", plain, made("where", made("equal", norm, 0.0), new.constant(1.0), norm))
    return made.into(node)


def _norm(node: Node) -> str:
    norm = node.attributes.get("norm", b"MAX")
    return norm.decode() if isinstance(norm, bytes) else str(norm)
