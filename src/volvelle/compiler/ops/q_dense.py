"""A row times constant weights in whole numbers: how Gemm and MatMul between quantisers are carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import packing
from volvelle.compiler.code import Code
from volvelle.compiler.dense import overlap as dense
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.scaling import Rescaling, saturated

OP = "QDense"
DOMAIN = "volvelle"


def evaluate(node: Node, x: NDArray[Any], weights: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    """Sums of products, rescaled; real numbers where nothing quantises them again."""
    whole = (x.astype(np.int64) @ weights.T.astype(np.int64) + bias).astype(np.float32)
    how: Rescaling = node.attributes["rescaling"]
    return np.asarray(whole * how.scale) if node.attributes.get("real") else saturated(how, whole, x.dtype)


def overlap(node: Node, graph: Graph) -> Overlap:
    """As that of every dense layer."""
    return dense(graph, node)


def emit(node: Node, code: Code) -> None:
    """One dot product per answer."""
    how: Rescaling = node.attributes["rescaling"]
    x, w, b = node.inputs
    rows, columns = code.tensor(w).shape
    count = code.tensor(x).size // columns
    loop, here, there = ("", "", "")
    if count > 1:
        loop, here, there = f"for (int r = 0; r < {count}; r++) ", f" + r * {columns}", f" + r * {rows}"
    kind, y = code.suffix(x), f"{code.pointer(node.outputs[0])}{there}"
    real = bool(node.attributes.get("real"))
    kernel = f"vv_q_{'real' if real else 'dense'}_{kind}"
    rest = str(how.each) if real else f"{how.each}, {how.bounds(kind)}"
    scale = code.table(how.scale)
    if w in code.packed:
        call = f"{kernel}(x, rows, b + j, scale{' + j' * how.each}, y + j, {columns}, m, {rest})"
        kinds = code.kind(x), code.kind(node.outputs[0])
        name = packing.layer(code, code.packed[w], np.asarray(code.tensor(w).value), kinds, call, side=4)
        code.add(f"{loop}{name}({code.pointer(x)}{here}, {code.pointer(b)}, {scale}, {y});")
        return
    ends = f"{code.pointer(x)}{here}, {code.pointer(w)}, {code.pointer(b)}, {scale}"
    code.add(f"{loop}{kernel}({ends}, {y}, {columns}, {rows}, {rest});")
