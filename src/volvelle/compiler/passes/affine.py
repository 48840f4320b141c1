"""Scalers before a dense layer become part of its weights and bias: ``W ((x - o) s) + b = (W s) x + (b - W s o)``.

Products are rounded once less and sums begin elsewhere, so that answers change by the rounding of the largest term;
that can be many times the answer where an offset is large beside what is left of x.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.writing import Writing

Parts = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights ``[n, m]`` and bias ``[m]``."""


def affine(graph: Graph) -> Graph:
    """Fold Add, Sub, Mul and Div of constants, read by one Gemm or MatMul alone, into it."""
    new = Writing(dict(graph.tensors))
    makers = {o: n for n in graph.nodes for o in n.outputs}
    users = graph.users()
    gone: set[str] = set()
    made: dict[str, Node] = {}
    for node in graph.nodes:
        parts = _parts(node, graph)
        x = node.inputs[0] if node.inputs else ""
        while parts is not None and users.get(x) == 1 and x in makers:
            step = _step(makers[x], graph, parts)
            if step is None:
                break
            gone.add(x)
            x, parts = step
        if parts is None or x == node.inputs[0]:
            continue
        kind = graph.tensors[x].dtype
        names = (new.constant(p, kind) for p in parts)
        made[node.outputs[0]] = Node("gemm", (x, *names), node.outputs)
    kept = tuple(made.get(n.outputs[0], n) for n in graph.nodes if n.outputs[0] not in gone)
    return replace(graph, tensors=new.tensors).with_nodes(kept)


def _parts(node: Node, graph: Graph) -> Parts | None:
    """Weights and bias of a dense layer, its factors multiplied in; None for another operator."""
    given = node.attributes
    weights = graph.constant(node.inputs[1]) if node.op in ("gemm", "mat_mul") else None
    if weights is None or weights.ndim != 2 or given.get("transA") or len(graph.tensors[node.inputs[0]].shape) != 2:
        return None
    wide = (weights.T if given.get("transB") else weights).astype(np.float64) * given.get("alpha", 1.0)
    told = graph.constant(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else np.zeros(1)
    if told is None or told.size not in (1, wide.shape[1]):
        return None
    return wide, np.broadcast_to(told.reshape(-1), wide.shape[1]).astype(np.float64) * given.get("beta", 1.0)


def _step(node: Node, graph: Graph, parts: Parts) -> tuple[str, Parts] | None:
    """What a scaler reads, and the layer behind with the scaler in it; None where that is no number any more."""
    if node.op not in ("add", "sub", "mul", "div"):
        return None
    known = [graph.constant(i) for i in node.inputs]
    place = 1 if known[0] is None else 0
    value, x = known[place], node.inputs[1 - place]
    shape = graph.tensors[node.outputs[0]].shape
    single = value is not None and (value.size == 1 or (value.size == shape[-1] and value.shape[-1] == shape[-1]))
    if value is None or not single or graph.tensors[x].shape != shape or (node.op == "div" and place == 0):
        return None
    weights, bias = parts
    column = np.broadcast_to(value.reshape(-1), shape[-1]).astype(np.float64).reshape(-1, 1)
    with np.errstate(all="ignore"):
        match node.op, place:
            case ("mul", _):
                found = weights * column, bias
            case ("div", _):
                found = weights / column, bias
            case ("add", _):
                found = weights, bias + (weights * column).sum(axis=0)
            case ("sub", 1):
                found = weights, bias - (weights * column).sum(axis=0)
            case _:
                found = -weights, bias + (weights * column).sum(axis=0)
        rounded = [p.astype(graph.tensors[x].dtype) for p in found]
    kept = all(np.isfinite(p).all() for p in rounded) and not ((rounded[0] == 0) & (weights != 0)).any()
    return (x, found) if kept else None
