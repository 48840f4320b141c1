"""A depthwise and a pointwise convolution run row by row where what lies between them decides the memory needed.

With the pointwise one before them, and the sum with what went in, an inverted residual block of MobileNet needs what
goes in and a few rows, instead of a wide picture. Source: J. Lin, W.-M. Chen, H. Cai, C. Gan, S. Han, MCUNetV2: Memory-
efficient patch-based inference for tiny deep learning, 2021, of which this is the form with rows as patches: nothing is
computed twice.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace

import numpy as np

from volvelle.compiler import packing, place
from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.ops import conv, q_conv, q_join, q_rows

GAIN = 0.05
"""The share of working memory that must be saved."""


def rows(graph: Graph) -> Graph:
    """Take chains together as long as the plan of memory becomes smaller by it; answers stay to the bit."""
    while True:
        most = max(place.demand(graph), default=0) * (1 - GAIN)
        made, better = graph, _lower(graph, most)
        while better is not None:
            made, better = better, _lower(better, most)
        if made is graph or place.place(made).bytes > place.place(graph).bytes * (1 - GAIN):
            return graph
        graph = made


def _lower(graph: Graph, most: float) -> Graph | None:
    """The graph with a chain taken together of which a step takes too many bytes, where then none does."""
    high = {id(n) for n, size in zip(graph.nodes, place.demand(graph), strict=True) if size > most}
    for chain in _chains(graph) if high else ():
        if any(id(n) in high for n in chain):
            made = _together(graph, chain)
            step = next(k for k, n in enumerate(made.nodes) if chain[-1].outputs[0] in n.outputs)
            if place.demand(made)[step] <= most:
                return made
    return None


def _chains(graph: Graph) -> Iterator[tuple[Node, ...]]:
    """Convolutions that can be taken together, the longest chains first."""
    if not any(n.op == "q_conv" for n in graph.nodes):
        return
    users, packed = graph.users(), packing.chosen(graph)
    readers = {i: n for n in graph.nodes for i in n.inputs}
    makers = {o: n for n in graph.nodes for o in n.outputs}

    def alone(node: Node | None) -> Node | None:
        """The only reader of what a node makes."""
        return readers.get(node.outputs[0]) if node and users.get(node.outputs[0]) == 1 else None

    for deep in graph.nodes:
        point = alone(deep)
        if not _deep(deep, graph, packed) or point is None or not _point(point, graph, packed):
            continue
        before = makers.get(deep.inputs[0])
        wide = before if before and alone(before) is deep and _point(before, graph, packed) else None
        parts = (wide, deep, point) if wide else (deep, point)
        end = alone(point)
        if end and end.op in q_join.SUMS and sorted(end.inputs) == sorted((point.outputs[0], parts[0].inputs[0])):
            yield from [(*parts, end)] if len({graph.tensors[i].shape for i in end.inputs}) == 1 else []
        yield parts
        if wide:
            yield deep, point


def _deep(node: Node, graph: Graph, packed: Container[str]) -> bool:
    """A convolution of each channel by itself, by windows of three in a row over a picture."""
    if node.op != "q_conv" or node.inputs[1] in packed or len(graph.tensors[node.inputs[0]].shape) != 4:
        return False
    weights = np.asarray(graph.constant(node.inputs[1]))
    slide = conv.check(node, graph.tensors[node.inputs[0]].shape, weights)
    return conv.deep(node, slide, weights) and slide.kernel[1] == 3


def _point(node: Node, graph: Graph, packed: Container[str]) -> bool:
    return node.op == "q_conv" and node.inputs[1] not in packed and q_conv.by_places(node, graph)


def _together(graph: Graph, chain: tuple[Node, ...]) -> Graph:
    """The graph with a chain as one operator, in the place of its last part."""
    x, convs = chain[0].inputs[0], [one for one in chain if one.op == "q_conv"]
    end = chain[-1]
    told = replace(end, attributes={**end.attributes, "turned": end.inputs[0] == x}) if end.op in q_join.SUMS else end
    given = {"chain": (*chain[:-1], told)}
    inputs = (x, *(i for one in convs for i in one.inputs[1:]))
    weights = [np.asarray(graph.constant(one.inputs[1])) for one in convs]
    made = Node("q_rows", inputs, (end.outputs[0], f"room of {end.outputs[0]}"), given)
    room = (sum(q_rows.read(made, graph.tensors[x].shape, weights).room),)
    made = replace(made, attributes={**given, "room": room})
    tensors = {**graph.tensors, made.outputs[1]: Tensor(graph.tensors[x].dtype, room)}
    gone = {id(one) for one in chain[:-1]}
    nodes = tuple(made if n is end else n for n in graph.nodes if id(n) not in gone)
    return graph.with_nodes(nodes, tensors)
