"""Channels that are constant, or that nobody reads, are left out: their share goes into the bias of the layer behind.

A channel whose weights are all 0, as pruning leaves them, is the same number everywhere. What lies between the layer
that makes it and the layer that reads it is evaluated, so that a bound, a pool or a depthwise convolution turns it into
whatever it turns it into; where a margin makes it differ from place to place it stays.

In whole numbers nothing changes. In real numbers a weight of 0 no longer makes something of infinity, and a share may
be added in another place of the sum, so that this form runs only where it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.scaling import Rescaling
from volvelle.compiler.windows import margin
from volvelle.compiler.writing import Writing

_WHOLE, _REAL = ("q_conv", "q_dense"), ("conv", "gemm")
_BETWEEN = frozenset(
    "relu clip leaky_relu sigmoid tanh max_pool average_pool global_average_pool q_mean flatten".split()
)
"""Operators that make each channel of the same one."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """A layer, what lies between, and the layer that reads it."""

    first: Node
    between: tuple[Node, ...]
    last: Node


def whole_channels(graph: Graph) -> Graph:
    """In quantised networks."""
    return _without(graph, _WHOLE)


def real_channels(graph: Graph) -> Graph:
    """In networks of real numbers."""
    return _without(graph, _REAL)


def _without(graph: Graph, kinds: tuple[str, ...]) -> Graph:
    for first in [n for n in graph.nodes if n.op in kinds]:
        # A layer before this one may have become narrower.
        now = next(n for n in graph.nodes if n.outputs == first.outputs)
        chain = _chain(now, graph, kinds)
        graph = graph if chain is None else _narrower(chain, graph)
    return graph


def _chain(first: Node, graph: Graph, kinds: tuple[str, ...]) -> _Chain | None:
    readers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    between: list[Node] = []
    node = first
    if not _layer(first, graph):
        return None
    while node.outputs[0] not in graph.outputs and len(readers.get(node.outputs[0], [])) == 1:
        node = readers[node.outputs[0]][0]
        if node.inputs[0] != (between[-1] if between else first).outputs[0]:
            return None
        if node.op in kinds and _layer(node, graph):
            return _Chain(first, tuple(between), node)
        single = all(graph.constant(i) is not None and graph.tensors[i].size == 1 for i in node.inputs[1:] if i)
        if not (node.op in _BETWEEN and single) and not (node.op in kinds and _deep(node, graph)):
            return None
        if graph.tensors[node.outputs[0]].shape[0] != 1:
            return None
        between.append(node)
    return None


def _layer(node: Node, graph: Graph) -> bool:
    """Whether every answer is made of all channels, by constant weights as they are written into C."""
    given = node.attributes
    plain = given.get("alpha", 1.0) == given.get("beta", 1.0) == 1.0 and not given.get("transA")
    constant = all(graph.constant(i) is not None for i in node.inputs[1:] if i)
    return plain and constant and given.get("group", 1) == 1 and graph.tensors[node.inputs[0]].shape[0] == 1


def _deep(node: Node, graph: Graph) -> bool:
    weights = graph.constant(node.inputs[1])
    return weights is not None and weights.ndim > 2 and node.attributes.get("group", 1) == len(weights)


def _narrower(chain: _Chain, graph: Graph) -> Graph:
    made = _evaluated(chain, graph)
    weights = _weights(chain.first, graph)
    channels = len(weights)
    end = made[-1].reshape(channels, -1)
    same = (end == end[:, :1]).all(axis=1)
    idle = ~weights.reshape(channels, -1).any(axis=1) & same
    back = chain.last.attributes.get("back", 0)
    if margin(chain.last, _weights(chain.last, graph).shape[2:]):
        idle &= end[:, 0] == back
    # The weights behind, channel by channel: each has as many neighbours in a row as flattening left of its places.
    behind = _weights(chain.last, graph)
    shares = behind.reshape(len(behind), channels, -1)
    unread = ~shares.any(axis=(0, 2))
    keep = ~(idle | unread)
    if keep.all() or not np.isfinite(end[idle].astype(np.float64)).all():
        return graph
    keep[0] |= not keep.any()
    constant = idle & ~keep
    value = end[:, 0].astype(np.int64 if end.dtype.kind in "iu" else np.float64) - back
    more = (shares[:, constant].sum(axis=2).astype(value.dtype) * value[constant]).sum(axis=1)
    return _rewritten(chain, graph, keep, more)


def _evaluated(chain: _Chain, graph: Graph) -> list[NDArray[Any]]:
    """What each operator makes of a row of zeros."""
    x = np.zeros(graph.tensors[chain.first.inputs[0]].shape, graph.tensors[chain.first.inputs[0]].dtype)
    made = []
    for node in (chain.first, *chain.between):
        rest = (graph.constant(i) if i else None for i in node.inputs[1:])
        with np.errstate(all="ignore"):
            x = np.asarray(OPERATORS.load(node.op).evaluate(node, x, *rest))
        made.append(x)
    return made


def _weights(node: Node, graph: Graph) -> NDArray[Any]:
    """With the answers first."""
    weights = np.asarray(graph.constant(node.inputs[1]))
    return weights.T if node.op == "gemm" and not node.attributes.get("transB") else weights


def _rewritten(chain: _Chain, graph: Graph, keep: NDArray[np.bool_], more: NDArray[Any]) -> Graph:
    new = Writing(dict(graph.tensors))
    nodes: dict[tuple[str, ...], Node] = {}
    for node in (chain.first, *chain.between):
        out = graph.tensors[node.outputs[0]]
        wide = [n * int(keep.sum()) // len(keep) if k == 1 else n for k, n in enumerate(out.shape)]
        new.tensors[node.outputs[0]] = replace(out, shape=tuple(wide))
        if node is chain.first or node.op in ("conv", "q_conv"):
            nodes[node.outputs] = _kept(node, new, _weights(node, graph)[keep], keep)
    behind = _weights(chain.last, graph)
    # Flattened channels have several neighbours each.
    columns = np.repeat(keep, behind.shape[1] // len(keep))
    last = _bias(chain.last, new, len(behind), more)
    nodes[chain.last.outputs] = _kept(last, new, behind[:, columns], None)
    kept = tuple(nodes.get(n.outputs, n) for n in graph.nodes)
    return replace(graph, tensors=new.tensors).with_nodes(kept)


def _bias(node: Node, new: Writing, answers: int, more: NDArray[Any]) -> Node:
    """A layer with something added to its bias."""
    told = new.known(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    kind = new.tensor(node.inputs[1]).dtype if told is None else told.dtype
    bias = np.zeros(answers) if told is None else np.broadcast_to(told.reshape(-1), answers)
    summed = (bias.astype(more.dtype) + more).astype(kind)
    return replace(node, inputs=(*node.inputs[:2], new.constant(summed, kind)))


def _kept(node: Node, new: Writing, weights: NDArray[Any], keep: NDArray[np.bool_] | None) -> Node:
    """A layer with other weights, answers first, and of its bias and scales only those that are kept."""
    given = dict(node.attributes)
    if node.op == "gemm":
        given["transB"] = 1
    if keep is not None and "group" in given and given["group"] > 1:
        given["group"] = len(weights)
    inputs = [node.inputs[0], new.constant(np.ascontiguousarray(weights), weights.dtype), *node.inputs[2:]]
    if keep is not None and len(inputs) > 2 and inputs[2]:
        told = np.asarray(new.known(inputs[2]))
        inputs[2] = new.constant(np.broadcast_to(told.reshape(-1), len(keep))[keep], told.dtype)
    how = given.get("rescaling")
    if keep is not None and isinstance(how, Rescaling) and how.each:
        given["rescaling"] = replace(how, scale=how.scale[keep])
    return replace(node, inputs=tuple(inputs), attributes=given)
