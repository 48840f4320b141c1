"""Conv, Gemm and MatMul between quantisers as sums of whole numbers.

A bias of real numbers becomes one of whole numbers in the scale of the sums, to the nearest, half to even, where a
quantiser follows: onnxruntime does the same before it runs such a model. Where none follows it is added behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.edges import Quantised, Seen
from volvelle.compiler.ir import Node
from volvelle.compiler.scaling import SMALL, Rescaling
from volvelle.compiler.windows import margin


def weighted(node: Node, seen: Seen) -> list[Node] | None:
    """A layer with constant weights; None where it has to stay."""
    x, w, end = seen.before(node.inputs[0]), seen.before(node.inputs[1]), seen.behind(node.outputs[0])
    if x is None or w is None or x.scale.size > 1 or seen.tensors[x.name].dtype not in SMALL:
        return None
    if end is None and (node.op == "conv" or seen.tensors[node.outputs[0]].dtype != np.float32):
        return None
    more = _added(node, seen) if end is None else ""
    stored, bias = seen.known(w.name), np.zeros(0, np.int64) if more else _bias(node, x, w, seen)
    if stored is None or bias is None or (end and end.to.zero.dtype != seen.tensors[x.name].dtype):
        return None
    weights = _weights(node, stored, w)
    if weights is None or weights.min() < -128 or weights.max() > 127 or bias.size not in (0, len(weights)):
        return None
    sums = weights.reshape(len(weights), -1).sum(axis=1)
    zero = int(x.zero.item())
    around = node.op == "conv" and bool(margin(node, stored.shape[2:]))
    start = (np.zeros(len(weights), np.int64) if bias.size == 0 else bias) - (0 if around else zero * sums)
    # Where a margin is, the zero point is taken off the sums behind them.
    if np.abs(start).max() + (1 + around) * 128 * 255 * weights[0].size > np.iinfo(np.int32).max:
        return None
    scale = (x.scale * w.scale).astype(np.float32).reshape(-1)
    names = (
        x.name,
        seen.constant(np.ascontiguousarray(weights.astype(np.int8))),
        seen.constant(start.astype(np.int32)),
    )
    if end is None:
        # The last layer: what nothing quantises again is left in real numbers.
        how = Rescaling(scale, 0)
        if not more:
            return [Node("q_dense", names, node.outputs, {"rescaling": how, "real": True})]
        out = seen.tensors[node.outputs[0]]
        product = seen.shaped(out.shape, out.dtype)
        return [
            Node("q_dense", names, (product,), {"rescaling": how, "real": True}),
            Node("add", (product, more), node.outputs),
        ]
    # A zero point at the end of the type holds negative numbers back by itself.
    how = Rescaling((scale / end.to.scale).astype(np.float32), int(end.to.zero.item()), end.least, end.most)
    if node.op != "conv":
        return [Node("q_dense", names, (end.to.name,), {"rescaling": how})]
    given = {**node.attributes, "rescaling": how, "back": zero if around else 0}
    return [Node("q_conv", names, (end.to.name,), given)]


def biased(node: Node, seen: Seen) -> list[Node] | None:
    """An Add of a number for each answer behind a MatMul of one row, as a layer with a bias."""
    for product, bias in (node.inputs, node.inputs[::-1]):
        layer, value = seen.makers.get(product), seen.known(bias)
        if layer is None or layer.op != "mat_mul" or value is None or seen.only(product) is not node:
            continue
        if len(seen.tensors[layer.inputs[0]].shape) == 2 and value.shape == seen.tensors[product].shape[1:]:
            return weighted(replace(layer, op="gemm", inputs=(*layer.inputs, bias), outputs=node.outputs), seen)
    return None


def _weights(node: Node, stored: NDArray[Any], w: Quantised) -> NDArray[np.int64] | None:
    """Without their zero point, answers first; None where they are used or scaled in another way."""
    axis = w.axis % stored.ndim
    per_slice = [-1 if a == axis else 1 for a in range(stored.ndim)]
    weights = stored.astype(np.int64) - (w.zero if w.zero.size == 1 else w.zero.reshape(per_slice))
    if node.op == "conv":
        return weights if w.scale.size == 1 or axis == 0 else None
    given = node.attributes
    plain = given.get("alpha", 1.0) == given.get("beta", 1.0) == 1.0 and not given.get("transA")
    flipped = not given.get("transB")
    if not plain or stored.ndim != 2 or (w.scale.size > 1 and axis != (1 if flipped else 0)):
        return None
    return np.asarray(weights.T if flipped else weights)


def _added(node: Node, seen: Seen) -> str:
    """The name of a bias of real numbers, empty if there is none."""
    name = node.inputs[2] if len(node.inputs) > 2 else ""
    return name if seen.plain(name) is not None else ""


def _bias(node: Node, x: Quantised, w: Quantised, seen: Seen) -> NDArray[np.int64] | None:
    """In whole numbers of the scale of the sums, empty if there is none; None where it cannot be had so."""
    if len(node.inputs) < 3 or not node.inputs[2]:
        return np.zeros(0, np.int64)
    scale = (x.scale * w.scale).reshape(-1)
    real = seen.plain(node.inputs[2])
    if real is not None:
        # What has one dimension and is quantised behind, onnxruntime rounds; other biases it leaves as they are.
        if real.ndim != 1 or scale.size not in (1, real.size):
            return None
        return np.asarray(np.rint(real / scale).astype(np.int64))
    told = seen.before(node.inputs[2])
    value = seen.known(told.name) if told else None
    if told is None or value is None or value.dtype != np.int32 or value.ndim != 1:
        return None
    return value.astype(np.int64) if np.allclose(told.scale.reshape(-1), scale, rtol=1e-5, atol=0) else None
