"""Matrices multiplied; the axes before the last two are broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler import holding
from volvelle.compiler.code import Code
from volvelle.compiler.dense import dense
from volvelle.compiler.dense import overlap as rowwise
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.limits import room
from volvelle.compiler.offsets import Overlap
from volvelle.errors import ModelError

OP = "MatMul"
DOMAIN = ""


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own, of real numbers."""
    if a.dtype.kind != "f" or b.dtype != a.dtype:
        raise ModelError(f"MatMul of {a.dtype} is not supported", next_move="cast to float before")
    room((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *a.shape[-2:-1], *(b.shape[-1:] if b.ndim > 1 else ())))
    return holding.limited(node, np.asarray(a @ b))


def overlap(node: Node, graph: Graph) -> Overlap | None:
    """Of one row times constant weights as that of every dense layer."""
    weights, out = graph.tensors[node.inputs[1]], graph.tensors[node.outputs[0]]
    return rowwise(graph, node) if weights.value is not None and out.size == out.shape[-1] else None


def emit(node: Node, code: Code) -> None:
    """Rows by constant weights, one dot product per answer; otherwise matrix by matrix."""
    a, b = (code.tensor(i) for i in node.inputs)
    if b.value is not None and len(b.shape) == 2:
        weights = np.ascontiguousarray(b.value.T)
        dense(code, node.inputs[0], node.outputs[0], weights, np.zeros(0, weights.dtype), holding.function(node, code))
        return
    if code.narrow and not (a.value is b.value is None):
        raise ModelError("MatMul with a constant on the left, or in batches, is not supported where int has 16 bits")
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    batches = np.broadcast_shapes(left[:-2], right[:-2])
    rows, inner, columns = left[-2], left[-1], right[-1]
    count = int(np.prod(batches))
    starts = []
    for shape in (left, right):
        places = np.arange(int(np.prod(shape[:-2]))).reshape(shape[:-2])
        flat = np.broadcast_to(places, batches).reshape(-1)
        starts.append(f" + {code.whole_table(flat * shape[-2] * shape[-1])[0]}[k]" if count > 1 else "")
    x, w, y = (code.pointer(n) for n in (*node.inputs, node.outputs[0]))
    loop = f"for (int k = 0; k < {count}; k++) " if count > 1 else ""
    there = f" + k * {rows * columns}" if count > 1 else ""
    sizes = f"{rows}, {inner}, {columns}"
    code.add(f"{loop}vv_matmul_{code.suffix(node.inputs[0])}({x}{starts[0]}, {w}{starts[1]}, {y}{there}, {sizes});")
