"""What is missing, replaced."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing

OP = "Imputer"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """The same value everywhere, or one for every column."""
    value, missing = _replaced(node, x)
    gone = np.isnan(x) if x.dtype.kind == "f" and np.isnan(missing) else x == missing
    return np.asarray(np.where(gone, value, x), dtype=x.dtype)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As simpler operators."""
    made = Chain(new)
    x = node.inputs[0]
    value, missing = _replaced(node, np.zeros((), new.tensor(x).dtype))
    gone = made("is_nan", x) if np.isnan(missing) else made("equal", x, missing)
    made("where", gone, value, x)
    return made.into(node)


def _replaced(node: Node, x: NDArray[Any]) -> tuple[NDArray[Any], float]:
    kind = "float" if x.dtype.kind == "f" else "int64"
    default = 0.0 if kind == "float" else 0
    return np.asarray(node.attributes[f"imputed_value_{kind}s"], dtype=x.dtype), node.attributes.get(
        f"replaced_value_{kind}", default
    )
