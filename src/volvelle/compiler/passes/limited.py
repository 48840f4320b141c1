"""A Relu or Clip behind a convolution or a dense layer is carried out where each of its answers is written."""

from __future__ import annotations

from dataclasses import replace

from volvelle.compiler.ir import Graph, Node

_INFINITE = float("inf")


def limited(graph: Graph) -> Graph:
    """Give the bounds to the layer as its attribute ``held``; answers stay to the bit."""
    users = graph.users()
    behind: dict[str, int] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        place = behind.get(node.inputs[0]) if node.inputs else None
        held = bounds(node, graph)
        if place is not None and held and users[node.inputs[0]] == 1:
            layer = kept[place]
            kept[place] = replace(layer, outputs=node.outputs, attributes={**layer.attributes, "held": held})
            continue
        if _layer(node, graph) and node.outputs[0] not in graph.outputs:
            behind[node.outputs[0]] = len(kept)
        kept.append(node)
    return graph.with_nodes(tuple(kept))


def _layer(node: Node, graph: Graph) -> bool:
    if node.op == "conv":
        return True
    weights = graph.constant(node.inputs[1]) if node.op in ("gemm", "mat_mul") else None
    return weights is not None and weights.ndim == 2


def bounds(node: Node, graph: Graph) -> tuple[float, float] | None:
    """What a node holds its input between; None where it does another thing, or more than a pair of numbers tells."""
    if node.op == "relu":
        return 0.0, _INFINITE
    if node.op != "clip":
        return None
    ends = []
    for place, name, free in ((1, "min", -_INFINITE), (2, "max", _INFINITE)):
        given = node.inputs[place] if place < len(node.inputs) else ""
        value = graph.constant(given) if given else node.attributes.get(name, free)
        if value is None or getattr(value, "size", 1) != 1:
            return None
        ends.append(float(value if isinstance(value, float) else value.item()))
    return (ends[0], ends[1]) if ends[0] <= ends[1] else None
