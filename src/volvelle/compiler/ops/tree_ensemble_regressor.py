"""The sum of trees: the older form, which gives values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import forest, trees
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node

OP = "TreeEnsembleRegressor"
DOMAIN = "ai.onnx.ml"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Tree by tree in float32."""
    return read(node).evaluate(np.asarray(x, dtype=np.float32))


def emit(node: Node, code: Code) -> None:
    """In the layout that the code is written for."""
    trees.write(read(node), node.inputs[0], node.outputs[0], code)


def read(node: Node) -> forest.Forest:
    """The trees of a node.

    Raises:
        ModelError: they are not supported.
    """
    return forest.classic(node.attributes, "target")
