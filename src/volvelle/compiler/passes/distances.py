"""Squared distances that are written as |x|^2 - 2 x.s + |s|^2 are computed as the sum of squared differences.

The lengths of the points need no table, and nothing cancels: in single precision the answer is nearer to the truth than
that of the terms it replaces, so that it may differ from it by the rounding of |x|^2 + |s|^2.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volvelle.compiler.ir import Graph, Node, renamed
from volvelle.compiler.writing import Writing


def distances(graph: Graph) -> Graph:
    """Replace ``Gemm(x, -2 S, |s|^2)``; the sum of squares of x is taken off where nobody adds it."""
    new = Writing(dict(graph.tensors))
    makers = {o: n for n in graph.nodes for o in n.outputs}
    users = graph.users()
    kept: list[Node] = []
    crossed: dict[str, Node] = {}
    names: dict[str, str] = {}
    for node in graph.nodes:
        node = renamed(node, names)
        if _crossed(node, graph):
            crossed[node.outputs[0]] = node
            if users[node.outputs[0]] == 1 and any(_adds(n, node, makers, graph) for n in graph.nodes):
                continue
            kept += _apart(node, new)
            continue
        product = next((crossed[i] for i in node.inputs if i in crossed), None)
        if product is not None and users[product.outputs[0]] == 1 and _adds(node, product, makers, graph):
            kept.append(_squared(product, new, node.outputs[0]))
            continue
        positive = [i for i in node.inputs if any(k.op == "squared_distances" and i in k.outputs for k in kept)]
        if node.op == "max" and positive and _nothing(node, positive[0], graph):
            names[node.outputs[0]] = positive[0]
            continue
        kept.append(node)
    return replace(graph, tensors=new.tensors).with_nodes(tuple(kept))


def _crossed(node: Node, graph: Graph) -> bool:
    """Whether a node is -2 x.s + |s|^2 for one row."""
    if node.op != "gemm" or len(node.inputs) < 3 or node.attributes.get("alpha") != -2.0:
        return False
    plain = node.attributes.get("beta", 1.0) == 1.0 and not node.attributes.get("transA")
    points, lengths = graph.constant(node.inputs[1]), graph.constant(node.inputs[2])
    if not plain or points is None or lengths is None or graph.tensors[node.inputs[0]].shape[0] != 1:
        return False
    wide = points.astype(np.float64)
    own = (wide * wide).sum(axis=1 if node.attributes.get("transB") else 0)
    return lengths.size == own.size and bool(np.allclose(lengths.reshape(-1), own, rtol=1e-6, atol=0))


def _adds(node: Node, product: Node, makers: dict[str, Node], graph: Graph) -> bool:
    """Whether a node adds |x|^2 to the product."""
    if node.op != "add" or product.outputs[0] not in node.inputs:
        return False
    total = makers.get(next((i for i in node.inputs if i != product.outputs[0]), ""))
    square = makers.get(total.inputs[0]) if total is not None and total.op == "reduce_sum" else None
    if total is None or square is None or graph.tensors[total.outputs[0]].size != 1:
        return False
    return square.op == "mul" and set(square.inputs) == {product.inputs[0]}


def _nothing(node: Node, positive: str, graph: Graph) -> bool:
    """Whether a Max only asks that a value be at least 0."""
    bounds = [graph.constant(i) for i in node.inputs if i != positive]
    idle = len(bounds) == 1 and bounds[0] is not None and not bounds[0].any()
    return idle and node.outputs[0] not in graph.outputs


def _squared(product: Node, new: Writing, out: str) -> Node:
    points = np.asarray(new.known(product.inputs[1]))
    rows = points if product.attributes.get("transB") else points.T
    return Node("squared_distances", (product.inputs[0], new.constant(np.ascontiguousarray(rows), rows.dtype)), (out,))


def _apart(product: Node, new: Writing) -> list[Node]:
    """The distances, and |x|^2 taken off."""
    x, out = product.inputs[0], product.outputs[0]
    near = _squared(product, new, new.value(out, new.tensor(x).dtype))
    square = new.call("mul", x, x)
    total = new.call("reduce_sum", square.outputs[0], new.constant([1], np.int64), keepdims=1)
    return [near, square, total, Node("sub", (near.outputs[0], total.outputs[0]), (out,))]
