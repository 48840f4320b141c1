"""Operators that give what they are given: identity, a cast to the own type, dropout, a transposition of one row."""

from __future__ import annotations

from dataclasses import replace

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node, renamed


def skip(graph: Graph) -> Graph:
    """Read their input instead; where their value is an output of the graph, whoever makes it writes there."""
    names: dict[str, str] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        node = renamed(node, names)
        source, out = node.inputs[0] if node.inputs else "", node.outputs[0]
        idle = getattr(OPERATORS.load(node.op), "idle", None)
        if idle is None or not idle(node, graph):
            kept.append(node)
        elif out not in graph.outputs:
            names[out] = source
        else:
            maker = next((k for k, n in enumerate(kept) if source in n.outputs), None)
            if maker is None or source in graph.outputs or graph.tensors[source].shape != graph.tensors[out].shape:
                kept.append(node)
                continue
            # All that read the source from here on, and those before, read the output.
            names[source] = out
            kept = [renamed(_making(n, source, out), {source: out}) for n in kept]
    return graph.with_nodes(tuple(kept))


def _making(node: Node, old: str, new: str) -> Node:
    outputs = tuple(new if o == old else o for o in node.outputs)
    return replace(node, outputs=outputs)
