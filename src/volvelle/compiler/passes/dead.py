"""Dead code: operators whose values nobody reads."""

from __future__ import annotations

from volvelle.compiler.ir import Graph, Node


def dead(graph: Graph) -> Graph:
    """Keep what an output depends on."""
    wanted = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    return graph.with_nodes(tuple(reversed(kept)))
