"""Rows that have no one answer: neither the ONNX standard nor onnxruntime settles it, so they are not compared.

What an operator makes of odd numbers is settled in most cases, infinite ones and no number included, and there the C
answers as onnxruntime does. Four kinds of rows are left, in which onnxruntime itself answers otherwise on another
processor, or where the same number stands in another place:

- no number among those whose largest is looked for (`ORDERS`): it is passed on or passed over by where it stands;
- a sum (`SUMS`) that leaves the range of the type before its last term: in another order it need not;
- a real number that a whole type does not hold: what becomes of it is up to the processor; in C it is held at the ends;
- an infinite number and a linear support vector machine, whose vectors are added up when it is compiled: infinity times
  a 0 in one of them is no number.

The sign of a zero counts nowhere: the larger of two zeros may be either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node

ORDERS = frozenset({"reduce_max", "reduce_min", "max_pool", "top_k"})
SUMS = frozenset(
    "gemm mat_mul conv join reduce_sum reduce_mean average_pool squared_distances duels couple softmax "
    "log_softmax".split()
)
ADDED_UP = "added_up"
"""The attribute of a matrix product that stands for products with many vectors."""


def unsettled(graph: Graph, known: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a row has no one answer.

    Args:
        graph: as it was read or lowered.
        known: every value of it for that row, in the precision of the graph.
    """
    return any(_of(node, graph, [known[i] for i in node.inputs if i]) for node in graph.nodes)


def _of(node: Node, graph: Graph, given: list[NDArray[Any]]) -> bool:
    if not given or given[0].dtype.kind != "f":
        return False
    first = given[0]
    made = graph.tensors[node.outputs[0]].dtype
    if node.op in ORDERS:
        # A window of nothing but minus infinity has the smallest finite number in some shapes.
        return bool((np.isnan(first) | np.isneginf(first) & (node.op == "max_pool")).any())
    if node.op == "cast" and made.kind in "iu":
        limits = np.iinfo(made)
        return not bool(((first > limits.min - 1.0) & (first < limits.max + 1.0)).all())
    if node.op in SUMS:
        if node.attributes.get(ADDED_UP) and np.isinf(first).any():
            return True
        return bool(_most(node, given) > float(np.finfo(made).max))
    return False


def _most(node: Node, given: list[NDArray[Any]]) -> float:
    """No sum of these terms, in whatever order, goes beyond this."""
    sizes = [float(np.abs(a[np.isfinite(a)]).max(initial=0.0)) for a in given if a.dtype.kind == "f"]
    if node.op == "squared_distances":
        return float(given[0].size * (sizes[0] + sizes[1]) ** 2)
    return float(given[0].size * np.prod([max(1.0, s) for s in sizes]))
