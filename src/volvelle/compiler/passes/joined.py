"""The sum at the end of a residual block is made where the convolution before it makes its answers.

The convolution's own picture then takes no memory, and the sum may lie where its other term lay.
"""

from __future__ import annotations

from math import prod

from volvelle.compiler import packing
from volvelle.compiler.ir import Graph, Node

PLANE = 1024
"""Bytes of the stack that one channel may take."""


def joined(graph: Graph) -> Graph:
    """Put a sum into the convolution right before it, of which it is the only reader; answers stay to the bit."""
    users = graph.users()
    packed = packing.chosen(graph)
    kept: list[Node] = []
    for node in graph.nodes:
        conv = kept[-1] if kept and kept[-1].op == "q_conv" and node.op == "q_add" else None
        made = conv.outputs[0] if conv else ""
        if conv is None or made not in node.inputs or users[made] != 1 or conv.inputs[1] in packed:
            kept.append(node)
            continue
        turned = node.inputs[1] == made
        other = node.inputs[1 - turned]
        shapes = {graph.tensors[n].shape for n in (made, other, node.outputs[0])}
        plane = prod(graph.tensors[made].shape[2:])
        alone = conv.attributes.get("group", 1) == 1 and graph.constant(other) is None and other not in conv.inputs
        if len(shapes) > 1 or not alone or not 1 < plane <= PLANE:
            kept.append(node)
            continue
        given = {**conv.attributes, **node.attributes, "turned": turned}
        kept[-1] = Node("q_join", (*conv.inputs, other), node.outputs, given)
    return graph.with_nodes(tuple(kept))
