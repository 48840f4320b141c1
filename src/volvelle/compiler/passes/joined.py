"""The sum at the end of a residual block is made where the convolution before it makes its answers.

The convolution's own picture then takes no memory, and the sum may lie where its other term lay.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from math import prod

from volvelle.compiler import packing
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.ops import q_join
from volvelle.compiler.passes.limited import bounds

PLANE = 1024
"""Bytes of the stack that one channel of whole numbers may take."""


def joined(graph: Graph) -> Graph:
    """Put a sum into the convolution right before it, of which it is the only reader, and a bound behind it.

    Answers stay to the bit.
    """
    users, packed = graph.users(), packing.chosen(graph)
    last = {name: node for node in graph.nodes for name in node.inputs}
    kept: list[Node] = []
    for node in graph.nodes:
        before = kept[-1] if kept and users.get(kept[-1].outputs[0]) == 1 else None
        made = before and (_bound(before, node, graph) or _sum(before, node, graph, packed))
        if before and made and made.op == "join" and before.op == "conv" and last[made.inputs[3]] is not node:
            # It could not lie over a term that is read again, where the convolution alone may lie over what it reads.
            made = None
        kept[len(kept) - bool(made) :] = [made or node]
    return graph.with_nodes(tuple(kept))


def _sum(conv: Node, node: Node, graph: Graph, packed: Container[str]) -> Node | None:
    """Both in one; None where they stay two."""
    sums = {"q_conv": q_join.SUMS, "conv": ("add",)}.get(conv.op, ())
    made = conv.outputs[0]
    if node.op not in sums or made not in node.inputs or conv.inputs[1] in packed or "held" in conv.attributes:
        return None
    turned = node.inputs[1] == made
    other = node.inputs[1 - turned]
    shapes = {graph.tensors[n].shape for n in (made, other, node.outputs[0])}
    plane = prod(graph.tensors[made].shape[2:])
    alone = conv.attributes.get("group", 1) == 1 and graph.constant(other) is None and other not in conv.inputs
    if len(shapes) > 1 or not alone or plane < 2:
        return None
    if conv.op == "conv":
        return Node("join", (*conv.inputs, *("",) * (3 - len(conv.inputs)), other), node.outputs, conv.attributes)
    given = {**conv.attributes, "sum": node, "turned": turned}
    return Node("q_join", (*conv.inputs, other), node.outputs, given) if plane <= PLANE else None


def _bound(join: Node, node: Node, graph: Graph) -> Node | None:
    """The bound behind a sum of real numbers."""
    held = bounds(node, graph) if join.op == "join" and node.inputs[:1] == join.outputs else None
    if held is None or "held" in join.attributes:
        return None
    return replace(join, outputs=node.outputs, attributes={**join.attributes, "held": held})
