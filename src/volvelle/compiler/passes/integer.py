"""Operators between quantisers are carried out in whole numbers, as onnxruntime does: int8 in, int32 sums, int8 out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from volvelle.compiler.edges import Seen
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.scaling import Rescaling
from volvelle.compiler.weighing import biased, weighted

_KEEPS = frozenset(
    "max_pool reshape flatten transpose squeeze unsqueeze identity concat slice gather expand tile dropout".split()
)
"""They only move values, or choose among them: with one scale before and behind they need none."""


def integer(graph: Graph) -> Graph:
    """Rewrite what lies between quantisers; dead quantisers are left to another pass."""
    seen = Seen(graph)
    made: dict[str, list[Node]] = {}
    for node in graph.nodes:
        how = _REWRITES.get(node.op, _moved if node.op in _KEEPS else None)
        whole = how(node, seen) if how and len(node.outputs) == 1 else None
        if whole is not None:
            made[whole[-1].outputs[0]] = whole
    # The rewritten operator takes the place of the quantiser behind it, so that values are made before they are read.
    nodes = tuple(m for n in graph.nodes for m in made.get(n.outputs[0], [n]))
    return replace(graph, tensors=seen.tensors).with_nodes(nodes)


def _moved(node: Node, seen: Seen) -> list[Node] | None:
    count = len(node.inputs) if node.op == "concat" else 1
    given, end = [seen.before(i) for i in node.inputs[:count]], seen.behind(node.outputs[0])
    if end is None or not end.idle or any(g is None or not g.like(end.to) for g in given):
        return None
    names = [g.name for g in given if g is not None]
    return [replace(node, inputs=(*names, *node.inputs[count:]), outputs=(end.to.name,))]


def _added(node: Node, seen: Seen) -> list[Node] | None:
    """A bound that does nothing is left out; with another one onnxruntime adds real numbers, and so does C."""
    a, b, end = seen.before(node.inputs[0]), seen.before(node.inputs[1]), seen.behind(node.outputs[0])
    if a is None or b is None or end is None:
        return biased(node, seen)
    out = end.to
    if not end.idle or not a.small or not b.small or not a.zero.dtype == b.zero.dtype == out.zero.dtype:
        return None
    first, second = (np.float32(v.scale.item()) / np.float32(out.scale.item()) for v in (a, b))
    shift = first * np.float32(a.zero.item()) + second * np.float32(b.zero.item())
    rest = np.float32(out.zero.item()) - shift
    return [Node("q_add", (a.name, b.name), (out.name,), {"first": first, "second": second, "rest": rest})]


def _averaged(node: Node, seen: Seen) -> list[Node] | None:
    x, end = seen.before(node.inputs[0]), seen.behind(node.outputs[0])
    if x is None or end is None or not x.small or x.zero.dtype != end.to.zero.dtype:
        return None
    count = np.float32(np.prod(seen.tensors[x.name].shape[2:]))
    scale = (x.scale / (end.to.scale * count)).astype(np.float32).reshape(1)
    how = Rescaling(scale, int(end.to.zero.item()), end.least, end.most)
    return [Node("q_mean", (x.name,), (end.to.name,), {"rescaling": how, "back": int(x.zero.item())})]


_REWRITES: dict[str, Callable[[Node, Seen], list[Node] | None]] = {
    "conv": weighted,
    "gemm": weighted,
    "mat_mul": weighted,
    "add": _added,
    "global_average_pool": _averaged,
}
