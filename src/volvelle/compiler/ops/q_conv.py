"""A convolution in whole numbers: how Conv between quantisers is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import packing
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.ops import conv
from volvelle.compiler.scaling import Rescaling, saturated
from volvelle.compiler.windows import Windows, cut

OP = "QConv"
DOMAIN = "volvelle"
SIDE = 4
"""Places that share what is read of the weights."""
AGAIN = 3
"""Places that a kernel makes twice, at most, where four at a time do not divide a row."""


def evaluate(node: Node, x: NDArray[Any], weights: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    """Sums of products of what is left of x, rescaled."""
    how: Rescaling = node.attributes["rescaling"]
    slide, groups = conv.check(node, x.shape, weights), node.attributes.get("group", 1)
    seen = cut(slide, x[0].astype(np.int64) - node.attributes["back"], 0).reshape(groups, -1, *slide.out, *slide.kernel)
    split = weights.reshape(groups, -1, weights.shape[1], *slide.kernel)
    whole = np.einsum("gcyxij,gocij->goyx", seen, split).reshape(len(weights), *slide.out) + bias[:, None, None]
    scale = how.scale.reshape(-1, 1, 1) if how.each else how.scale
    made = saturated(Rescaling(scale, how.zero, how.least, how.most), whole.astype(np.float32), x.dtype)
    return made.reshape(slide.shape(len(weights), x.ndim))


def overlap(node: Node, graph: Graph) -> Overlap:
    """As that of a convolution, but that the last four of a row may read again what three before them read."""
    return Overlap(conv.overlap(node, graph).lead + AGAIN, level=by_places(node, graph))


def by_places(node: Node, graph: Graph) -> bool:
    """Whether all channels of a place are made before the next place is."""
    return _across(node, graph.tensors, np.asarray(graph.constant(node.inputs[1])))


def _across(node: Node, tensors: Mapping[str, Tensor], weights: NDArray[Any]) -> bool:
    slide = conv.check(node, tensors[node.inputs[0]].shape, weights)
    return not node.attributes["back"] and conv.across(node, slide, weights, 1)


def emit(node: Node, code: Code) -> None:
    """By the kernel for such windows; packed weights are unpacked for one group of channels after another."""
    x, w, b = node.inputs
    weights = np.asarray(code.tensor(w).value)
    slide = conv.check(node, code.tensor(x).shape, weights)
    packed, scale = code.packed.get(w), node.attributes["rescaling"]
    name, tail = _kernel(node, code, slide, weights)
    ends = f"{code.pointer(b)}, {code.table(scale.scale)}, {code.pointer(node.outputs[0])}"
    if not packed:
        code.add(f"{name}({code.pointer(x)}, {code.pointer(w)}, {ends}, {tail});")
        return
    side, read = packing.rows_of_group(node, weights), weights.shape[1] * slide.size[0] * slide.size[1]
    there = f" + j / {side} * {read}" if node.attributes.get("group", 1) > 1 else ""
    made = f"b + j, scale{' + j' * scale.each}, y + j * {slide.out[0] * slide.out[1]}"
    call = f"{name}(x{there}, rows, {made}, {tail})"
    layer = packing.layer(code, packed, weights, (code.kind(x), code.kind(node.outputs[0])), call, side)
    code.add(f"{layer}({code.pointer(x)}, {ends});")


def _kernel(node: Node, code: Code, slide: Windows, weights: NDArray[Any]) -> tuple[str, str]:
    """The function, and its arguments behind the output; a window of one needs no look at margins."""
    how: Rescaling = node.attributes["rescaling"]
    back, kind = node.attributes["back"], code.suffix(node.inputs[0])
    held, packed = f"{how.each}, {how.bounds(kind)}", node.inputs[1] in code.packed
    made, places = "m" if packed else str(len(weights)), slide.out[0] * slide.out[1]
    facts: dict[str, object] = {"kind": code.kind(node.inputs[0])}
    if conv.deep(node, slide, weights) and slide.kernel[1] == 3:
        name = code.special("q_depth", **facts, tall=slide.kernel[0], even=f"vv_even_{kind}", odd=f"vv_odd_{kind}")
        return name, f"{back}, {held}, {made}, {slide.sides()}"
    if not packed and _across(node, code.graph.tensors, weights):
        return across(code, kind, weights), f"{places}, {places}, {places}, {held}"
    return kernel(node, code, made)


def across(code: Code, kind: str, weights: NDArray[Any]) -> str:
    """The kernel that makes all channels of a place, or of as many as fit a column, from a copy of them."""
    channels = weights.shape[1]
    facts = {
        "kind": f"{kind}_t",
        "channels": channels,
        "made": len(weights),
        "side": min(SIDE, conv.COLUMN // channels),
    }
    return code.special("q_across", **facts, dense=f"vv_q_dense_{kind}", point=f"vv_q_point_{kind}")


def kernel(node: Node, code: Code, made: str) -> tuple[str, str]:
    """The name of the kernel, and its arguments behind those of where things lie, with `made` answers of a place."""
    how: Rescaling = node.attributes["rescaling"]
    x, weights = node.inputs[0], np.asarray(code.tensor(node.inputs[1]).value)
    slide = conv.check(node, code.tensor(x).shape, weights)
    groups, back = node.attributes.get("group", 1), node.attributes["back"]
    held = f"{how.each}, {how.bounds(code.suffix(x))}"
    if groups == 1 and not back and slide.kernel == slide.size:
        stem, tail = "dense", f"{weights[0].size}, {made}, {held}"
    elif groups == 1 and not back and slide.kernel == slide.stride == (1, 1):
        places = slide.out[0] * slide.out[1]
        stem, tail = "point", f"{weights.shape[1]}, {made}, {places}, {places}, {places}, {held}"
    else:
        each = f"{weights.shape[1]}, {made}, {len(weights) // groups}"
        stem, tail = "conv", f"{back}, {held}, {each},\n        {slide.numbers()}"
    return f"vv_q_{stem}_{code.suffix(x)}", tail
