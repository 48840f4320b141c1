"""A factor and a number for every channel behind a convolution become part of its weights and bias."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node, Tensor


def scaled(graph: Graph) -> Graph:
    """Fold Mul and Add of constants, which is what a batch normalisation is, into the Conv before.

    The products are rounded once more than they were, by at most half a unit in the last place of a weight.
    """
    tensors = dict(graph.tensors)
    users = graph.users()
    kept: list[Node] = []
    # The convolution, as it stands now, that made a value.
    behind: dict[str, int] = {}
    for node in graph.nodes:
        place = next((behind[i] for i in node.inputs if i in behind and users[i] == 1), None)
        other = _per_channel(node, kept[place], tensors) if place is not None else None
        if place is None or other is None:
            if node.op == "conv" and not set(node.outputs) & set(graph.outputs):
                behind[node.outputs[0]] = len(kept)
            kept.append(node)
            continue
        conv = kept[place]
        weights, bias = _parts(conv, tensors)
        if node.op == "mul":
            weights, bias = weights * other.reshape(-1, *(1,) * (weights.ndim - 1)), bias * other
        else:
            bias = bias + other
        names = []
        for array in (weights, bias):
            names.append(f"scaled {len(tensors)}")
            value = array.astype(tensors[conv.inputs[0]].dtype)
            tensors[names[-1]] = Tensor(value.dtype, value.shape, value)
        kept[place] = replace(conv, inputs=(conv.inputs[0], *names), outputs=node.outputs)
        if node.outputs[0] not in graph.outputs:
            behind[node.outputs[0]] = place
    return replace(graph, tensors=tensors).with_nodes(tuple(kept))


def _parts(conv: Node, tensors: dict[str, Tensor]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weights = np.asarray(tensors[conv.inputs[1]].value, dtype=np.float64)
    told = tensors[conv.inputs[2]].value if len(conv.inputs) > 2 and conv.inputs[2] else np.zeros(len(weights))
    return weights, np.asarray(told, dtype=np.float64)


def _per_channel(node: Node, conv: Node, tensors: dict[str, Tensor]) -> NDArray[Any] | None:
    """The constant of a Mul or Add behind a convolution, one number for each channel; None if it is another thing."""
    if node.op not in ("mul", "add") or len(set(node.inputs)) < 2:
        return None
    value = next((v for v in (tensors[i].value for i in node.inputs) if v is not None), None)
    shape = tensors[conv.outputs[0]].shape
    if value is None or tensors[node.outputs[0]].shape != shape or value.ndim > len(shape):
        return None
    full = (1,) * (len(shape) - value.ndim) + value.shape
    if any(n != 1 for k, n in enumerate(full) if k != 1):
        return None
    return np.broadcast_to(value.reshape(-1), shape[1]).astype(np.float64)
