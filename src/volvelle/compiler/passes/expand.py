"""Operators that are short for others are written out, so that there are few kernels."""

from __future__ import annotations

from dataclasses import replace

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.writing import Writing


def expand(graph: Graph) -> Graph:
    """Replace every operator that has an ``expanded(node, new)``, until none is left."""
    nodes = list(graph.nodes)
    tensors = dict(graph.tensors)
    done: list[Node] = []
    while nodes:
        node = nodes.pop(0)
        expanded = getattr(OPERATORS.load(node.op), "expanded", None)
        made = expanded(node, Writing(tensors)) if expanded else None
        if made is None:
            done.append(node)
        else:
            nodes[:0] = made
    return replace(graph, tensors=tensors).with_nodes(tuple(done))
