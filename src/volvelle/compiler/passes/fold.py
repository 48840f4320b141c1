"""Constants that are still computed from constants, or chosen among equal ones, are written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node, Tensor


def fold(graph: Graph) -> Graph:
    """Evaluate every operator of which all that goes in is constant, and every choice of a constant or the same one."""
    tensors = dict(graph.tensors)
    kept: list[Node] = []
    for node in graph.nodes:
        given = [tensors[i].value if i else None for i in node.inputs]
        if node.op == "where" and node.inputs[1] == node.inputs[2] and given[1] is not None:
            # Whatever the condition is, it may be anything.
            given[0] = np.ones(tensors[node.inputs[0]].shape, dtype=bool)
        elif any(i and g is None for i, g in zip(node.inputs, given, strict=True)):
            kept.append(node)
            continue
        made = OPERATORS.load(node.op).evaluate(node, *given)
        for name, array in zip(node.outputs, made if isinstance(made, tuple) else (made,), strict=False):
            value = np.asarray(array)
            tensors[name] = Tensor(value.dtype, value.shape, value)
    return replace(graph, tensors=tensors).with_nodes(tuple(kept))
