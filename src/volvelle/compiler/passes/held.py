"""A number held between constants by Max and Min is held by one Clip, which has no second number that may be none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volvelle.compiler.ir import Graph, Node


def held(graph: Graph) -> Graph:
    """Max with a constant, then Min with one, of real numbers, as Clip; of zeros the sign may differ."""
    users, kept = graph.users(), list[Node]()
    lower: dict[str, tuple[str, str]] = {}
    for node in graph.nodes:
        split = _split(node, graph)
        if split and node.op == "max":
            lower[node.outputs[0]] = split
        if split and node.op == "min" and split[0] in lower and users[split[0]] == 1:
            x, low = lower[split[0]]
            if (np.asarray(graph.constant(low)) <= np.asarray(graph.constant(split[1]))).all():
                kept = [k for k in kept if split[0] not in k.outputs]
                node = replace(node, op="clip", inputs=(x, low, split[1]), attributes={})
        kept.append(node)
    return graph.with_nodes(tuple(kept))


def _split(node: Node, graph: Graph) -> tuple[str, str] | None:
    """What is computed and what is constant of a Max or Min of two, where the answer has the shape of the former."""
    if node.op not in ("max", "min") or len(node.inputs) != 2:
        return None
    x, bound = sorted(node.inputs, key=lambda i: graph.constant(i) is not None)
    value = graph.constant(bound)
    if graph.constant(x) is not None or value is None or value.dtype.kind != "f" or np.isnan(value).any():
        return None
    return (x, bound) if graph.tensors[x].shape == graph.tensors[node.outputs[0]].shape else None
