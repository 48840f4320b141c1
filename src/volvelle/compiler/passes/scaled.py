"""A factor and a number for every channel behind a convolution or a dense layer become part of its weights and bias."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.writing import Writing

Parts = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights with the channels first, and a bias for each."""


def scaled(graph: Graph) -> Graph:
    """Fold Mul, Div, Add and Sub of constants, which a batch normalisation is, into the Conv, Gemm or MatMul before.

    The products are rounded once more than they were, by at most half a unit in the last place of a weight; the sums
    begin with another number, and differ by the rounding of the largest term.
    """
    new = Writing(dict(graph.tensors))
    users = graph.users()
    kept: list[Node] = []
    # The layer, as it stands now, that made a value, and its weights once something is folded into them.
    behind: dict[str, int] = {}
    changed: dict[int, Parts] = {}
    for node in graph.nodes:
        place = next((behind[i] for i in node.inputs if i in behind and users[i] == 1), None)
        other = _per_channel(node, kept[place], graph) if place is not None else None
        if place is None or other is None:
            if node.op in ("conv", "gemm", "mat_mul") and _parts(node, graph) and node.outputs[0] not in graph.outputs:
                behind[node.outputs[0]] = len(kept)
            kept.append(node)
            continue
        parts = changed.get(place) or _parts(kept[place], graph)
        if parts is not None:
            changed[place] = _folded(node.op, *parts, other)
        kept[place] = replace(kept[place], outputs=node.outputs)
        if node.outputs[0] not in graph.outputs:
            behind[node.outputs[0]] = place
    for place, (weights, bias) in changed.items():
        layer, kind = kept[place], graph.tensors[kept[place].inputs[0]].dtype
        conv = layer.op == "conv"
        names = (new.constant(np.ascontiguousarray(w), kind) for w in (weights if conv else weights.T, bias))
        given = layer.attributes if conv else {}
        kept[place] = Node("conv" if conv else "gemm", (layer.inputs[0], *names), layer.outputs, given)
    return replace(graph, tensors=new.tensors).with_nodes(tuple(kept))


def _folded(op: str, weights: NDArray[np.float64], bias: NDArray[np.float64], other: NDArray[np.float64]) -> Parts:
    wide = other.reshape(-1, *(1,) * (weights.ndim - 1))
    match op:
        case "mul":
            return weights * wide, bias * other
        case "div":
            return weights / wide, bias / other
        case "sub":
            return weights, bias - other
        case _:
            return weights, bias + other


def _parts(node: Node, graph: Graph) -> Parts | None:
    """Of a convolution or a dense layer with constants, its factors multiplied in; None of another one."""
    given = node.attributes
    stored = graph.constant(node.inputs[1])
    told = graph.constant(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else np.zeros(1)
    if stored is None or told is None or given.get("transA"):
        return None
    weights = stored.astype(np.float64)
    if node.op != "conv":
        if stored.ndim != 2 or len(graph.tensors[node.inputs[0]].shape) != 2:
            return None
        weights = (weights if given.get("transB") else weights.T) * given.get("alpha", 1.0)
    if told.size not in (1, len(weights)):
        return None
    return weights, np.broadcast_to(told.reshape(-1), len(weights)).astype(np.float64) * given.get("beta", 1.0)


def _per_channel(node: Node, layer: Node, graph: Graph) -> NDArray[Any] | None:
    """The constant of an operator behind a layer, one number for each channel; None if it is another thing."""
    if node.op not in ("mul", "add", "sub", "div") or len(set(node.inputs)) < 2:
        return None
    value = graph.constant(node.inputs[1])
    if value is None and node.op in ("mul", "add"):
        value = graph.constant(node.inputs[0])
    shape = graph.tensors[layer.outputs[0]].shape
    if value is None or graph.tensors[node.outputs[0]].shape != shape or value.ndim > len(shape):
        return None
    full = (1,) * (len(shape) - value.ndim) + value.shape
    if any(n != 1 for k, n in enumerate(full) if k != 1) or (node.op == "div" and not value.all()):
        return None
    return np.broadcast_to(value.reshape(-1), shape[1]).astype(np.float64)
