"""Operators between quantisers are carried out in whole numbers, as onnxruntime does: int8 in, int32 sums, int8 out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from volvelle.compiler.edges import End, Quantised, Seen
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.ops import pad, quantize_linear
from volvelle.compiler.scaling import Rescaling
from volvelle.compiler.weighing import biased, weighted
from volvelle.compiler.windows import windows

_KEEPS = frozenset(
    "max_pool global_max_pool reduce_max reduce_min reshape flatten transpose squeeze unsqueeze identity concat slice "
    "gather expand tile dropout pad".split()
)
"""They only move values, or choose among them: they need no scale."""


def integer(graph: Graph) -> Graph:
    """Rewrite what lies between quantisers; dead quantisers are left to another pass."""
    seen = Seen(graph)
    made: dict[str, list[Node]] = {}
    for node in graph.nodes:
        how = _REWRITES.get(node.op, _moved if node.op in _KEEPS else None)
        made |= _divided(node, seen) if node.op == "split" else {}
        whole = how(node, seen) if how and len(node.outputs) == 1 else None
        if whole is not None:
            made[whole[-1].outputs[0]] = whole
    # The rewritten operator takes the place of the quantiser behind it, so that values are made before they are read.
    nodes = tuple(m for n in graph.nodes for m in made.get(n.outputs[0], [n]))
    return replace(graph, tensors=seen.tensors).with_nodes(nodes)


def _moved(node: Node, seen: Seen) -> list[Node] | None:
    """In whole numbers; between two scales what comes out, or each part of a concatenation, is quantised anew.

    A rising function of what is chosen is what is chosen of the function's values, so that the order does not matter.
    """
    count = len(node.inputs) if node.op == "concat" else 1
    given, end = [seen.before(i) for i in node.inputs[:count]], seen.behind(node.outputs[0])
    known = [g for g in given if g is not None and g.small]
    if end is None or not end.idle or len(known) < count or any(g.zero.dtype != end.to.zero.dtype for g in known):
        return None
    rest = _margin(node, known[0], seen) if node.op == "pad" else node
    if rest is None:
        return None
    ends = seen.constant(end.to.scale.reshape(())), seen.constant(end.to.zero.reshape(()))
    if node.op == "concat":
        anew = [
            Node("quantize_linear", (i, *ends), (seen.shaped(seen.tensors[i].shape, g.zero.dtype),))
            for i, g in zip(node.inputs, known, strict=True)
            if not g.like(end.to)
        ]
        told = {n.inputs[0]: n.outputs[0] for n in anew}
        names = [told.get(i, g.name) for i, g in zip(node.inputs, known, strict=True)]
        return [*anew, replace(node, inputs=tuple(names), outputs=(end.to.name,))]
    inputs = (known[0].name, *rest.inputs[1:])
    if known[0].like(end.to):
        return [replace(rest, inputs=inputs, outputs=(end.to.name,))]
    shape = seen.tensors[node.outputs[0]].shape
    moved, real = seen.shaped(shape, end.to.zero.dtype), seen.shaped(shape, np.dtype(np.float32))
    begin = seen.constant(known[0].scale.reshape(())), seen.constant(known[0].zero.reshape(()))
    return [
        replace(rest, inputs=inputs, outputs=(moved,)),
        Node("dequantize_linear", (moved, *begin), (real,)),
        Node("quantize_linear", (real, *ends), (end.to.name,)),
    ]


def _margin(node: Node, x: Quantised, seen: Seen) -> Node | None:
    """A Pad whose constant is quantised as what it surrounds, if that is the same number; others need none."""
    if pad.mode(node) != "constant":
        return node
    told = seen.plain(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    if told is None and any(node.inputs[2:3]):
        return None
    value = np.asarray(node.attributes.get("value", 0.0) if told is None else told, np.float32).reshape(())
    whole = quantize_linear.evaluate(node, value, x.scale.reshape(()), x.zero.reshape(()))
    if np.float32(int(whole) - int(x.zero.item())) * x.scale.item() != value:
        return None
    if len(node.inputs) < 2:
        return replace(node, attributes={**node.attributes, "value": int(whole)})
    return replace(node, inputs=(*node.inputs[:2], seen.constant(whole), *node.inputs[3:]))


def _added(node: Node, seen: Seen) -> list[Node] | None:
    """Fused where onnxruntime does it; behind a MatMul a bias."""
    pair = _pair(node, seen)
    if pair is None:
        return biased(node, seen)
    a, b, end = pair
    up = seen.lift(a.name, b.name, end.to.name)
    if up is None or not end.idle:
        return _real(node, pair)
    first, second = (np.float32(v.scale.item()) / np.float32(end.to.scale.item()) for v in (a, b))
    points = [np.float32(int(v.zero.item()) + up) for v in (a, b, end.to)]
    # One product is rounded before they are added, the other is not.
    shift = np.float64(first) * np.float64(points[0]) + np.float64(second * points[1])
    rest = points[2] - np.float32(shift)
    return [Node("q_add", (a.name, b.name), (end.to.name,), {"first": first, "second": second, "rest": rest, "up": up})]


def _multiplied(node: Node, seen: Seen) -> list[Node] | None:
    pair = _pair(node, seen)
    if pair is None:
        return None
    a, b, end = pair
    up = seen.lift(a.name, b.name, end.to.name)
    if up is None or not end.idle:
        return _real(node, pair)
    scales = (np.float32(v.scale.item()) for v in (a, b, end.to))
    points = {k: int(v.zero.item()) for k, v in (("first", a), ("second", b), ("zero", end.to))}
    given = {**points, "scale": next(scales) * next(scales) / next(scales), "up": up}
    return [Node("q_mul", (a.name, b.name), (end.to.name,), given)]


def _written(node: Node, seen: Seen) -> list[Node] | None:
    """Not a quotient with a bound behind it: that of 0 and 0 is no number, which each of them holds in its own way."""
    pair = _pair(node, seen)
    held = pair and node.op == "div" and (pair[2].least, pair[2].most) != (None, None)
    return _real(node, pair) if pair and not held else None


def _pair(node: Node, seen: Seen) -> tuple[Quantised, Quantised, End] | None:
    """Two terms and what becomes of them, all of one type."""
    a, b, end = seen.before(node.inputs[0]), seen.before(node.inputs[1]), seen.behind(node.outputs[0])
    if a is None or b is None or end is None or not (a.small and b.small and end.to.small):
        return None
    return (a, b, end) if a.zero.dtype == b.zero.dtype == end.to.zero.dtype else None


def _real(node: Node, pair: tuple[Quantised, Quantised, End]) -> list[Node]:
    """Of two terms, as the operators are written: rounding keeps the order, so that bounds hold whole numbers."""
    a, b, end = pair
    ends, limits = (a, b, end.to), np.iinfo(end.to.zero.dtype)
    given = {
        "how": node.op,
        "points": tuple(int(v.zero.item()) for v in ends),
        "scales": tuple(float(v.scale.item()) for v in ends),
        "bounds": (limits.min if end.least is None else end.least, limits.max if end.most is None else end.most),
    }
    return [Node("q_pair", (a.name, b.name), (end.to.name,), given)]


def _divided(node: Node, seen: Seen) -> dict[str, list[Node]]:
    """A Split of whole numbers: what takes the place of the quantiser behind each part; nothing where it has to stay.

    The first quantiser of the graph gives its place to the Split itself.
    """
    x, ends = seen.before(node.inputs[0]), [seen.behind(o) for o in node.outputs]
    known = [e for e in ends if e is not None and e.idle and e.to.small]
    if x is None or not x.small or len(known) < len(ends) or any(e.to.zero.dtype != x.zero.dtype for e in known):
        return {}
    parts = [
        e.to.name if e.to.like(x) else seen.like(o, x.zero.dtype) for o, e in zip(node.outputs, known, strict=True)
    ]
    made: dict[str, list[Node]] = {}
    begin = seen.constant(x.scale.reshape(())), seen.constant(x.zero.reshape(()))
    for out, part, end in zip(node.outputs, parts, known, strict=True):
        real = seen.like(out, np.dtype(np.float32))
        step = seen.constant(end.to.scale.reshape(())), seen.constant(end.to.zero.reshape(()))
        anew = [
            Node("dequantize_linear", (part, *begin), (real,)),
            Node("quantize_linear", (real, *step), (end.to.name,)),
        ]
        made[end.to.name] = [] if end.to.like(x) else anew
    first = min(made, key=seen.place)
    made[first].insert(0, replace(node, inputs=(x.name, *node.inputs[1:]), outputs=tuple(parts)))
    return made


def _averaged(node: Node, seen: Seen) -> list[Node] | None:
    """The mean over all places of a picture, whether as a pool or as a reduction of its last axes."""
    x, end = seen.before(node.inputs[0]), seen.behind(node.outputs[0])
    if x is None or end is None or not x.small or x.zero.dtype != end.to.zero.dtype:
        return None
    shape, out = seen.tensors[x.name].shape, seen.tensors[node.outputs[0]].shape
    told = seen.known(node.inputs[1]) if len(node.inputs) > 1 else node.attributes.get("axes")
    axes = sorted(int(a) % len(shape) for a in (() if told is None else told))
    if shape[0] != 1 or len(shape) < 3 or (node.op == "reduce_mean" and axes != list(range(2, len(shape)))):
        return None
    count = np.float32(np.prod(shape[2:]))
    scale = (x.scale / (end.to.scale * count)).astype(np.float32).reshape(1)
    how = Rescaling(scale, int(end.to.zero.item()), end.least, end.most)
    given: dict[str, Any] = {"rescaling": how, "back": int(x.zero.item())}
    if node.op == "global_average_pool" and (not end.idle or seen.lift(x.name, end.to.name) is None):
        given["real"] = float(x.scale.item()), float(end.to.scale.item())
    if len(out) == len(shape):
        return [Node("q_mean", (x.name,), (end.to.name,), given)]
    mean = seen.shaped((*shape[:2], *(1 for _ in shape[2:])), x.zero.dtype)
    flat = seen.constant(np.asarray(out, np.int64))
    return [Node("q_mean", (x.name,), (mean,), given), Node("reshape", (mean, flat), (end.to.name,))]


def _pooled(node: Node, seen: Seen) -> list[Node] | None:
    """An AveragePool whose windows end inside of picture and margin, where onnxruntime fuses it.

    One window over all is a mean over all places to it too.
    """
    x, end, given = seen.before(node.inputs[0]), seen.behind(node.outputs[0]), node.attributes
    if x is None or end is None or not end.idle or not x.small or x.zero.dtype != end.to.zero.dtype:
        return None
    up = seen.lift(x.name, end.to.name)
    if up is None or given.get("ceil_mode") or any(d != 1 for d in given.get("dilations", [])):
        return None
    slide = windows(node, seen.tensors[x.name].shape, tuple(given["kernel_shape"]))
    if slide.kernel == slide.size and slide.begin == slide.end == (0, 0):
        return _averaged(node, seen)
    scales = {"scale": x.scale.item(), "step": end.to.scale.item()}
    ends = {"back": int(x.zero.item()), "zero": int(end.to.zero.item()), "up": up}
    return [Node("q_pool", (x.name,), (end.to.name,), {**given, **scales, **ends})]


_REWRITES: dict[str, Callable[[Node, Seen], list[Node] | None]] = {
    "conv": weighted,
    "gemm": weighted,
    "mat_mul": weighted,
    "add": _added,
    "sub": _written,
    "div": _written,
    "mul": _multiplied,
    "global_average_pool": _averaged,
    "reduce_mean": _averaged,
    "average_pool": _pooled,
}
