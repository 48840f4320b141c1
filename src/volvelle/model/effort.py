"""What one row costs: a count of the arithmetic in an ONNX graph, the same on every machine.

Measured time depends on the machine, its load and the runtime; this count does not, and so two searches of the same
candidates choose alike. It stands for work, not for seconds: a question of a tree and a multiplication count the same.

- A product with a constant matrix counts that matrix's elements, a support vector machine its vectors' and a linear
  operator its coefficients.
- A tree counts the questions on its longest way from root to leaf.
- Every other operator counts the elements that it gives for one row.

>>> import numpy as np
>>> from volvelle.model.graph import Graph
>>> g = Graph("two by three")
>>> x = g.input("x", "float", 2)
>>> g.output("y", g.node("MatMul", x, g.constant(np.ones((2, 3), dtype=np.float32)), width=3))
>>> operations(g.finish())
9
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, shape_inference

from volvelle.model.limits import inspect

_PRODUCTS = ("MatMul", "Gemm")
_STORED = {
    "SVMClassifier": "support_vectors",
    "SVMRegressor": "support_vectors",
    "LinearClassifier": "coefficients",
    "LinearRegressor": "coefficients",
}
_CLASSIC = ("TreeEnsembleRegressor", "TreeEnsembleClassifier")


def operations(content: bytes) -> int:
    """Operations for one row. An operator whose output has no known shape counts as one element.

    Raises:
        ModelError: the file is damaged.
    """
    model = inspect(content)
    constants = {t.name: int(np.prod(t.dims, dtype=np.int64)) for t in model.graph.initializer}
    widths = _widths(model)
    return sum(_of(node, constants, widths) for node in model.graph.node)


def _widths(model: ModelProto) -> dict[str, int]:
    """Elements of every value for one row."""
    known = shape_inference.infer_shapes(model).graph
    return {
        value.name: int(np.prod([max(1, d.dim_value) for d in value.type.tensor_type.shape.dim], dtype=np.int64))
        for value in (*known.value_info, *known.output)
    }


def _of(node: NodeProto, constants: Mapping[str, int], widths: Mapping[str, int]) -> int:
    made = sum(widths.get(name, 1) for name in node.output)
    if node.op_type in _PRODUCTS:
        return max((constants.get(name, 0) for name in node.input[:2]), default=0) or made
    given = {a.name: a for a in node.attribute}
    if node.op_type in _STORED:
        return len(helper.get_attribute_value(given[_STORED[node.op_type]])) + made
    if node.op_type in _CLASSIC:
        read = {name: helper.get_attribute_value(a) for name, a in given.items() if name.startswith("nodes_")}
        return _classic(read) + made
    if node.op_type == "TreeEnsemble":
        read = {name: helper.get_attribute_value(a) for name, a in given.items()}
        sides = zip(("nodes_truenodeids", "nodes_trueleafs"), ("nodes_falsenodeids", "nodes_falseleafs"), strict=True)
        (yes, no), (ends_yes, ends_no) = [[np.asarray(read[name]) for name in pair] for pair in sides]
        below = [np.where(ends == 1, -1, there) for there, ends in ((yes, ends_yes), (no, ends_no))]
        return longest(read["tree_roots"], below) + made
    return made


def _classic(given: Mapping[str, Any]) -> int:
    """The trees of an operator whose nodes are numbered within their tree."""
    trees, numbers = np.asarray(given["nodes_treeids"]), np.asarray(given["nodes_nodeids"])
    stride = int(numbers.max(initial=0)) + 1
    place = np.full(int(trees.max(initial=0) + 1) * stride, -1, dtype=np.int64)
    place[trees * stride + numbers] = np.arange(len(trees))
    leaf = np.asarray([mode in (b"LEAF", "LEAF") for mode in given["nodes_modes"]])
    below = [
        np.where(leaf, -1, place[trees * stride + np.asarray(given[name])])
        for name in ("nodes_truenodeids", "nodes_falsenodeids")
    ]
    roots = np.flatnonzero(np.append(True, np.diff(trees) != 0))
    return longest([int(r) for r in roots if not leaf[r]], below)


def longest(roots: Sequence[int], below: Sequence[NDArray[np.int64]]) -> int:
    """Questions on the longest ways of all trees together.

    Args:
        roots: a node of each tree.
        below: for yes and for no, the node that follows each one; -1 where that is a leaf.

    >>> longest([0, 2], [np.array([1, -1, -1]), np.array([-1, -1, -1])])
    3
    """
    total, level = 0, np.unique(np.asarray(roots, dtype=np.int64))
    owner = np.arange(len(level))
    while len(level):
        total += len(np.unique(owner))
        level, owner = np.concatenate([b[level] for b in below]), np.tile(owner, 2)
        level, owner = level[level >= 0], owner[level >= 0]
    return total
