"""Squared distances of a row from constant points: what |x|^2 - 2 x.s + |s|^2 is short for, without its cancellation.

>>> evaluate(Node("", (), ()), np.float32([[1, 2]]), np.float32([[1, 2], [4, 6]])).tolist()
[[0.0, 25.0]]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.dense import distances
from volvelle.compiler.ir import Node

OP = "SquaredDistances"
DOMAIN = "volvelle"


def evaluate(node: Node, x: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Of one row ``[1, n]`` from ``[m, n]``: ``[1, m]``."""
    return np.asarray(((x - points) ** 2).sum(axis=1, keepdims=True).T)


def emit(node: Node, code: Code) -> None:
    """In whole numbers where points and row are such."""
    x, points = node.inputs
    distances(code, x, node.outputs[0], np.asarray(code.tensor(points).value))
