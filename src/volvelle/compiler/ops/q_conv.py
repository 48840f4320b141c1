"""A convolution in whole numbers: how Conv between quantisers is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import packing
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.ops import conv
from volvelle.compiler.scaling import Rescaling, saturated
from volvelle.compiler.windows import cut

OP = "QConv"
DOMAIN = "volvelle"


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


def emit(node: Node, code: Code) -> None:
    """A window of one element needs no look at margins, one as large as the picture is a dense layer."""
    how: Rescaling = node.attributes["rescaling"]
    x, w, b = node.inputs
    weights = np.asarray(code.tensor(w).value)
    slide = conv.check(node, code.tensor(x).shape, weights)
    groups, back = node.attributes.get("group", 1), node.attributes["back"]
    places, kind = slide.out[0] * slide.out[1], code.suffix(x)
    held = f"{how.each}, {how.bounds(kind)}"
    plain = groups == 1 and not back
    packed = code.packed.get(w)
    made = "m" if packed else str(len(weights))
    if plain and slide.kernel == slide.size:
        stem, tail = "dense", f"{weights[0].size}, {made}, {held});"
    elif plain and slide.kernel == slide.stride == (1, 1):
        stem, tail = "point", f"{weights.shape[1]}, {made}, {places}, {held});"
    else:
        each = len(weights) // groups
        stem, tail = "conv", f"{back}, {held}, {weights.shape[1]}, {made}, {each},\n        {slide.numbers()});"
    name = f"vv_q_{stem}_{kind}"
    ends = f"{code.pointer(b)}, {code.table(how.scale)}, {code.pointer(node.outputs[0])}"
    if packed:
        call = f"{name}(x, rows, b + j, scale{' + j' * how.each}, y + j * {places}, {tail.removesuffix(';')}"
        layer = packing.layer(code, packed, weights, (code.kind(x), code.kind(node.outputs[0])), call)
        code.add(f"{layer}({code.pointer(x)}, {ends});")
        return
    if conv.deep(node, slide, weights) and slide.kernel[1] == 3:
        facts = {"kind": code.kind(x), "tall": slide.kernel[0]}
        name = code.special("q_depth", **facts, even=f"vv_even_{kind}", odd=f"vv_odd_{kind}")
        tail = f"{back}, {held}, {len(weights)}, {slide.sides()});"
    code.add(f"{name}({code.pointer(x)}, {code.pointer(w)}, {ends}, {tail}")
