"""A one in the place of the category of x."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "OneHotEncoder"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """A category that is not listed has no one.

    Raises:
        ModelError: categories are texts, or an unknown one is an error.
    """
    return np.asarray(np.expand_dims(x.astype(np.int64), -1) == _categories(node), dtype=np.float32)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a comparison with all categories."""
    made = Chain(new)
    wide = made("unsqueeze", made("cast", node.inputs[0], to=TensorProto.INT64), [-1])
    made("cast", made("equal", wide, _categories(node)), to=TensorProto.FLOAT)
    return made.into(node)


def _categories(node: Node) -> NDArray[Any]:
    if not node.attributes.get("cats_int64s") or not node.attributes.get("zeros", 1):
        raise ModelError(
            "categories must be whole numbers, and an unknown one must give zeros", next_move="encode texts before"
        )
    return np.asarray(node.attributes["cats_int64s"], dtype=np.int64)
