"""Operators between quantisers are carried out in whole numbers, as onnxruntime does: int8 in, int32 sums, int8 out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.scaling import SMALL, Rescaling
from volvelle.compiler.windows import margin

_KEEPS = frozenset(
    "max_pool reshape flatten transpose squeeze unsqueeze identity concat slice gather expand tile dropout".split()
)
"""They only move values, or choose among them: with one scale before and behind they need none."""
_FREE = (None, None)


@dataclass(frozen=True, slots=True)
class Quantised:
    """A value behind a DequantizeLinear, or before a QuantizeLinear, with one scale for all or for each of an axis."""

    name: str
    scale: NDArray[np.float32]
    zero: NDArray[Any]
    axis: int

    def like(self, other: Quantised) -> bool:
        """Whether scale and zero point are one number each and the same."""
        single = self.scale.size == other.scale.size == 1 and self.zero.dtype == other.zero.dtype
        return single and self.scale.item() == other.scale.item() and self.zero.item() == other.zero.item()


class Seen:
    """A graph, who makes and who reads its values, and the new constants."""

    def __init__(self, graph: Graph) -> None:
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.makers: Mapping[str, Node] = {o: n for n in graph.nodes for o in n.outputs}
        self._readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in node.inputs:
                self._readers.setdefault(name, []).append(node)
        self._outputs = graph.outputs

    def before(self, name: str) -> Quantised | None:
        """What is dequantised to make a value."""
        node = self.makers.get(name)
        return self._quantised(node, node.inputs[0]) if node is not None and node.op == "dequantize_linear" else None

    def behind(self, name: str) -> tuple[Quantised, tuple[int | None, int | None]] | None:
        """What the only reader of a value quantises it to, and the bounds that a Relu or Clip before sets there."""
        node, held = self._only(name), None
        if node is not None and node.op in ("relu", "clip"):
            node, held = self._only(node.outputs[0]), node
        if node is None or node.op != "quantize_linear":
            return None
        found = self._quantised(node, node.outputs[0])
        if found is None or found.scale.size != 1:
            return None
        bounds = (None, None) if held is None else self._bounds(held, found)
        return None if bounds is None else (found, bounds)

    def _bounds(self, held: Node, found: Quantised) -> tuple[int | None, int | None] | None:
        """Where the bounds of a Relu or Clip come to lie: rounding keeps their order."""
        if held.op == "relu":
            return int(found.zero.item()), None
        told = [self.known(i) if i else None for i in (*held.inputs[1:], "", "")[:2]]
        if any(i and t is None for i, t in zip(held.inputs[1:], told, strict=False)):
            return None
        limits = np.iinfo(found.zero.dtype)
        ends: list[int | None] = []
        for bound, name in zip(told, ("min", "max"), strict=True):
            value = held.attributes.get(name) if bound is None else bound
            if value is None:
                ends.append(None)
                continue
            whole = np.rint(np.float32(np.asarray(value).item()) / np.float32(found.scale.item()))
            ends.append(int(np.clip(whole + int(found.zero.item()), limits.min, limits.max)))
        return ends[0], ends[1]

    def constant(self, value: NDArray[Any]) -> str:
        """The name of a new constant."""
        name = f"integer {len(self.tensors)}"
        self.tensors[name] = Tensor(value.dtype, value.shape, value)
        return name

    def known(self, name: str) -> NDArray[Any] | None:
        """The value of a constant."""
        return self.tensors[name].value if name else None

    def _only(self, name: str) -> Node | None:
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._outputs else None

    def _quantised(self, node: Node, name: str) -> Quantised | None:
        scale = self.known(node.inputs[1])
        kind = self.tensors[name].dtype
        zero = self.known(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else np.zeros((), kind)
        if scale is None or zero is None or node.attributes.get("block_size") or scale.ndim > 1:
            return None
        return Quantised(name, scale, zero, node.attributes.get("axis", 1))


def integer(graph: Graph) -> Graph:
    """Rewrite what lies between quantisers; dead quantisers are left to another pass."""
    seen = Seen(graph)
    made: dict[str, Node] = {}
    for node in graph.nodes:
        how = _REWRITES.get(node.op, _moved if node.op in _KEEPS else None)
        whole = how(node, seen) if how and len(node.outputs) == 1 else None
        if whole is not None:
            made[whole.outputs[0]] = whole
    # The rewritten operator takes the place of the quantiser behind it, so that values are made before they are read.
    nodes = tuple(made.get(n.outputs[0], n) for n in graph.nodes)
    return replace(graph, tensors=seen.tensors).with_nodes(nodes)


def _moved(node: Node, seen: Seen) -> Node | None:
    count = len(node.inputs) if node.op == "concat" else 1
    given, end = [seen.before(i) for i in node.inputs[:count]], seen.behind(node.outputs[0])
    if end is None or end[1] != _FREE or any(g is None or not g.like(end[0]) for g in given):
        return None
    names = [g.name for g in given if g is not None]
    return replace(node, inputs=(*names, *node.inputs[count:]), outputs=(end[0].name,))


def _weighted(node: Node, seen: Seen) -> Node | None:
    """Conv, Gemm and MatMul with constant weights."""
    x, w, end = seen.before(node.inputs[0]), seen.before(node.inputs[1]), seen.behind(node.outputs[0])
    if x is None or w is None or x.scale.size > 1 or seen.tensors[x.name].dtype not in SMALL:
        return None
    if end is None and (node.op != "gemm" or seen.tensors[node.outputs[0]].dtype != np.float32):
        return None
    stored, bias = seen.known(w.name), _bias(node, x, w, seen)
    if stored is None or bias is None or (end and end[0].zero.dtype != seen.tensors[x.name].dtype):
        return None
    dense = node.op != "conv"
    axis = w.axis % stored.ndim
    per_slice = [-1 if a == axis else 1 for a in range(stored.ndim)]
    weights = stored.astype(np.int64) - (w.zero if w.zero.size == 1 else w.zero.reshape(per_slice))
    if dense:
        given = node.attributes
        plain = given.get("alpha", 1.0) == given.get("beta", 1.0) == 1.0 and not given.get("transA")
        flipped = not given.get("transB")
        if not plain or stored.ndim != 2 or (w.scale.size > 1 and axis != (1 if flipped else 0)):
            return None
        weights = weights.T if flipped else weights
    elif w.scale.size > 1 and axis != 0:
        return None
    if weights.min() < -128 or weights.max() > 127:
        return None
    sums = weights.reshape(len(weights), -1).sum(axis=1)
    zero = int(x.zero.item())
    around = not dense and margin(node)
    start = (np.zeros(len(weights), np.int64) if bias.size == 0 else bias) - (0 if around else zero * sums)
    if np.abs(start).max() + 128 * 255 * weights[0].size > np.iinfo(np.int32).max:
        return None
    scale = (x.scale * w.scale).astype(np.float32).reshape(-1)
    names = (
        x.name,
        seen.constant(np.ascontiguousarray(weights.astype(np.int8))),
        seen.constant(start.astype(np.int32)),
    )
    if end is None:
        # The last layer: what nothing quantises again is left in real numbers.
        return Node("q_dense", names, node.outputs, {"rescaling": Rescaling(scale, 0), "real": True})
    out, bounds = end
    # A zero point at the end of the type holds negative numbers back by itself.
    how = Rescaling((scale / out.scale).astype(np.float32), int(out.zero.item()), *bounds)
    if dense:
        return Node("q_dense", names, (out.name,), {"rescaling": how})
    more = {"rescaling": how, "back": zero if around else 0}
    return Node("q_conv", names, (out.name,), {**node.attributes, **more})


def _bias(node: Node, x: Quantised, w: Quantised, seen: Seen) -> NDArray[Any] | None:
    """The int32 behind the bias, empty if there is none; None where it is not in the scale of the sums."""
    if len(node.inputs) < 3 or not node.inputs[2]:
        return np.zeros(0, np.int64)
    told = seen.before(node.inputs[2])
    value = seen.known(told.name) if told else None
    if told is None or value is None or value.dtype != np.int32 or value.ndim != 1:
        return None
    wanted = (x.scale * w.scale).reshape(-1)
    return value.astype(np.int64) if np.allclose(told.scale.reshape(-1), wanted, rtol=1e-5, atol=0) else None


def _added(node: Node, seen: Seen) -> Node | None:
    a, b, end = seen.before(node.inputs[0]), seen.before(node.inputs[1]), seen.behind(node.outputs[0])
    if a is None or b is None or end is None or end[1] != _FREE or a.scale.size > 1 or b.scale.size > 1:
        return None
    out = end[0]
    if not a.zero.dtype == b.zero.dtype == out.zero.dtype or a.zero.dtype not in SMALL:
        return None
    first, second = (np.float32(v.scale.item()) / np.float32(out.scale.item()) for v in (a, b))
    shift = first * np.float32(a.zero.item()) + second * np.float32(b.zero.item())
    rest = np.float32(out.zero.item()) - shift
    return Node("q_add", (a.name, b.name), (out.name,), {"first": first, "second": second, "rest": rest})


def _averaged(node: Node, seen: Seen) -> Node | None:
    x, end = seen.before(node.inputs[0]), seen.behind(node.outputs[0])
    if x is None or end is None or x.scale.size > 1 or x.zero.dtype != end[0].zero.dtype:
        return None
    out = end[0]
    count = np.float32(np.prod(seen.tensors[x.name].shape[2:]))
    scale = (x.scale / (out.scale * count)).astype(np.float32).reshape(1)
    how = Rescaling(scale, int(out.zero.item()), *end[1])
    return Node("q_mean", (x.name,), (out.name,), {"rescaling": how, "back": int(x.zero.item())})


_REWRITES: dict[str, Callable[[Node, Seen], Node | None]] = {
    "conv": _weighted,
    "gemm": _weighted,
    "mat_mul": _weighted,
    "add": _added,
    "global_average_pool": _averaged,
}
