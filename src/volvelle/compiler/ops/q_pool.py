"""The mean of every window of quantised values: how AveragePool between quantisers is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.windows import cut, windows
from volvelle.compiler.windows import overlap as windowed

OP = "QPool"
DOMAIN = "volvelle"


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Terms are added one by one in float32, and the zero point before rounding, as onnxruntime does."""
    given = node.attributes
    slide = windows(node, x.shape, tuple(given["kernel_shape"]))
    real = (x[0].astype(np.int64) - given["back"]).astype(np.float32) * np.float32(given["scale"])
    inside = cut(slide, np.ones(slide.size, np.float32), 0).sum(axis=(3, 4))
    seen = cut(slide, real, 0)
    total = np.zeros(seen.shape[:3], np.float32)
    for i in range(slide.kernel[0]):
        for j in range(slide.kernel[1]):
            total += seen[..., i, j]
    count = np.float32(np.prod(slide.kernel)) if given.get("count_include_pad") else inside
    made = total / count / np.float32(given["step"]) + np.float32(given["zero"] + given["up"])
    limits = np.iinfo(x.dtype)
    whole = np.clip(np.rint(made) - given["up"], limits.min, limits.max)
    return np.asarray(whole, dtype=x.dtype).reshape(slide.shape(x.shape[1], x.ndim))


def overlap(node: Node, graph: Graph) -> Overlap:
    """Channel by channel."""
    shape = graph.tensors[node.inputs[0]].shape
    return windowed(windows(node, shape, tuple(node.attributes["kernel_shape"])), shape[1])


def emit(node: Node, code: Code) -> None:
    """Window by window."""
    given, x = node.attributes, node.inputs[0]
    shape, up = code.tensor(x).shape, given["up"]
    low = np.iinfo(code.tensor(x).dtype).min + up
    slide = windows(node, shape, tuple(given["kernel_shape"]))
    pairs = (slide.size, slide.out, slide.kernel, slide.stride, slide.begin)
    numbers = ", ".join(f"{a}, {b}" for a, b in pairs)
    scales = ", ".join(literal(np.float32(given[k])) for k in ("scale", "step"))
    ends = f"{code.pointer(x)}, {code.pointer(node.outputs[0])}, {int(bool(given.get('count_include_pad')))}"
    ends += f", {given['back']}, {scales}, {given['zero']}, {up}, {low}, {shape[1]}"
    code.add(f"vv_q_pool_{code.suffix(x)}({ends}, {numbers});")
