"""The scores of all pairs of classes of a support vector machine, from the kernels with its vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.svm import decided

OP = "Duels"
DOMAIN = "volvelle"
CONSTANT = (1, 2)


def evaluate(node: Node, near: NDArray[Any], weights: NDArray[Any], rho: NDArray[Any]) -> NDArray[Any]:
    """Of rows ``[n, vectors]``; weights ``[classes - 1, vectors]``: scores ``[n, classes * (classes - 1) / 2]``."""
    return decided(near, weights, rho, node.attributes["sizes"])


def emit(node: Node, code: Code) -> None:
    """Pair by pair."""
    near, weights, rho = node.inputs
    ends = np.cumsum((0, *node.attributes["sizes"])).astype(np.int32)
    vectors, pairs = code.tensor(weights).shape[1], code.tensor(rho).size
    for row in range(code.tensor(near).shape[0]):
        at = [f" + {row * n}" if row else "" for n in (vectors, pairs)]
        code.add(
            f"vv_duels_{code.suffix(near)}({code.pointer(near)}{at[0]}, {code.pointer(weights)}, {code.pointer(rho)}, "
            f"{code.table(ends)}, {code.pointer(node.outputs[0])}{at[1]}, {len(ends) - 1});"
        )
