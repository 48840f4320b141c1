"""Trees over whole numbers that come in as such: compared as whole numbers, without making them real before."""

from __future__ import annotations

from dataclasses import replace

from volvelle.catalog import OPERATORS
from volvelle.compiler.forest import exact
from volvelle.compiler.ir import Graph, Node

_TREES = ("tree_ensemble", "tree_ensemble_regressor")


def whole_trees(graph: Graph) -> Graph:
    """Let trees read the input of a Cast, where it is one of the graph and holds whole numbers.

    Only the type of an input proves that: there is then no missing value either.
    """
    casts = {n.outputs[0]: n.inputs[0] for n in graph.nodes if n.op == "cast"}
    return graph.with_nodes(tuple(_read(n, casts, graph) for n in graph.nodes))


def _read(node: Node, casts: dict[str, str], graph: Graph) -> Node:
    given = casts.get(node.inputs[0], "") if node.op in _TREES else ""
    if given not in graph.inputs or not exact(OPERATORS.load(node.op).read(node), graph.tensors[given].dtype):
        return node
    return replace(node, inputs=(given, *node.inputs[1:]))
