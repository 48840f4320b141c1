"""A graph that computes in single precision what its file wants in double: for cores that have no wider arithmetic.

This is no pass: outputs change in their last bits, as those of the passes that `volvelle.compiler.lower` runs besides
where it is asked to. Whoever asks for it measures both (`volvelle.compiler.prove`), and takes it only where labels stay
the same and scores within the tolerance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from onnx import TensorProto

from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.lower import lower

_DOUBLE, _SINGLE = np.dtype(np.float64), np.dtype(np.float32)


def relaxed(graph: Graph, *, narrow: bool = False) -> Graph | None:
    """The lowered graph in single precision, labels taken before a softmax, and what else saves much and costs bits.

    Args:
        graph: before the passes.
        narrow: whether there is no double at all, so that constants that are no finite numbers are taken as they are.

    Returns:
        None where nothing would be gained or lost.
    """
    single = _all_single(graph, narrow=narrow)
    made = lower(single or _before_softmax(graph), relaxed=True)
    return made if single or _drawn(made) != _drawn(lower(graph)) else None


def _drawn(graph: Graph) -> list[tuple[str, list[tuple[int, ...]]]]:
    return [(n.op, [graph.tensors[o].shape for o in n.outputs if o]) for n in graph.nodes]


def _all_single(graph: Graph, *, narrow: bool) -> Graph | None:
    if not any(t.dtype == _DOUBLE for t in graph.tensors.values()):
        return None
    if any(graph.tensors[name].dtype == _DOUBLE for name in (*graph.inputs, *graph.outputs)):
        return None
    tensors = {name: _single(t) for name, t in graph.tensors.items()}
    reals = {name: t.value for name, t in tensors.items() if t.dtype == _SINGLE and t.value is not None}
    if not all(np.isfinite(v).all() for name, v in reals.items() if not narrow or graph.tensors[name].dtype == _DOUBLE):
        return None
    nodes = tuple(_cast(n) for n in graph.nodes)
    return _before_softmax(replace(graph, tensors=tensors).with_nodes(nodes))


def _single(tensor: Tensor) -> Tensor:
    if tensor.dtype != _DOUBLE:
        return tensor
    with np.errstate(over="ignore", under="ignore"):
        value = None if tensor.value is None else tensor.value.astype(np.float32)
    return replace(tensor, dtype=_SINGLE, value=value)


def _cast(node: Node) -> Node:
    if node.op == "cast" and node.attributes["to"] == TensorProto.DOUBLE:
        return replace(node, attributes={**node.attributes, "to": TensorProto.FLOAT})
    return node


def _before_softmax(graph: Graph) -> Graph:
    """The largest share belongs to the largest logit."""
    made = {o: n for n in graph.nodes for o in n.outputs}

    def source(name: str) -> str:
        node = made.get(name)
        if node is None or node.op not in ("softmax", "cast") or graph.tensors[node.inputs[0]].dtype != _SINGLE:
            return name
        if node.op == "softmax" and graph.tensors[name].size != graph.tensors[name].shape[-1]:
            return name
        return source(node.inputs[0])

    nodes = (replace(n, inputs=(source(n.inputs[0]),)) if n.op == "arg_max" else n for n in graph.nodes)
    return graph.with_nodes(tuple(nodes))
