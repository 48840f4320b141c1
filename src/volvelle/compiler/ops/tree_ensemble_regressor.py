"""The sum of trees: the older form, which gives values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler import forest, trees
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Chain, Writing
from volvelle.errors import ModelError

OP = "TreeEnsembleRegressor"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Tree by tree in float32, of one row."""
    if len(x) != 1 or x.ndim != 2 or x.dtype.kind not in "fiu":
        raise ModelError(f"trees over {x.dtype} of shape {list(x.shape)} are not supported", next_move="give one row")
    return read(node).evaluate(np.asarray(x, dtype=np.float32))


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """Whole numbers become real before, where splits are too large to tell them apart."""
    dtype = new.tensor(node.inputs[0]).dtype
    if dtype.kind == "f" or forest.exact(read(node), dtype):
        return None
    made = Chain(new)
    made(node.op, made("cast", node.inputs[0], to=TensorProto.FLOAT), **node.attributes)
    return made.into(node)


def emit(node: Node, code: Code) -> None:
    """In the layout that the code is written for."""
    trees.write(read(node), node.inputs[0], node.outputs[0], code)


def read(node: Node) -> forest.Forest:
    """The trees of a node.

    Raises:
        ModelError: they are not supported.
    """
    return forest.classic(node.attributes, "target")
