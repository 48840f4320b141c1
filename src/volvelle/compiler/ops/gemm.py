"""alpha * A B + beta * C."""

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
from volvelle.compiler.writing import Writing
from volvelle.errors import ContractBroken, ModelError

OP = "Gemm"
DOMAIN = ""


def evaluate(node: Node, a: NDArray[Any], b: NDArray[Any], c: NDArray[Any] | None = None) -> NDArray[Any]:
    """alpha * A B + beta * C, each matrix transposed if told so."""
    if a.dtype.kind != "f" or b.dtype != a.dtype:
        raise ModelError(f"Gemm of {a.dtype} is not supported", next_move="cast to float before")
    given = node.attributes
    left = a.T if given.get("transA") else a
    right = b.T if given.get("transB") else b
    room((left.shape[0], right.shape[1]))
    made = left @ right
    if given.get("alpha", 1.0) != 1.0:
        made = made * a.dtype.type(given["alpha"])
    whole = np.asarray(made if c is None else made + c * a.dtype.type(given.get("beta", 1.0)), dtype=a.dtype)
    return holding.limited(node, whole)


def expanded(node: Node, new: Writing) -> list[Node] | None:
    """As MatMul and Add, where the second matrix or the bias is computed, or the first is transposed."""
    given = node.attributes
    a, b, c = (*node.inputs, "", "")[:3]
    if new.known(b) is not None and not given.get("transA") and (not c or _row(new.known(c))):
        return None
    made: list[Node] = []
    for place, name in enumerate((a, b)):
        if given.get(("transA", "transB")[place]):
            made.append(new.call("transpose", name, perm=[1, 0]))
            a, b = (made[-1].outputs[0], b) if place == 0 else (a, made[-1].outputs[0])
    made.append(new.call("mat_mul", a, b))
    for factor, name in ((given.get("alpha", 1.0), made[-1].outputs[0]), (given.get("beta", 1.0), c)):
        if factor != 1.0 and name:
            made.append(new.call("mul", name, new.constant(factor, new.tensor(name).dtype)))
            c = made[-1].outputs[0] if name == c else c
    product = next(n for n in reversed(made) if n.outputs[0] != c).outputs[0]
    made.append(Node("sum", (product, c) if c else (product,), node.outputs))
    return made


def _row(bias: NDArray[Any] | None) -> bool:
    """Whether a bias is constant and the same for every row."""
    return bias is not None and (bias.ndim < 2 or bias.shape[0] == 1)


def overlap(node: Node, graph: Graph) -> Overlap | None:
    """As that of every dense layer; of several rows, some answers may be made for all before others."""
    return rowwise(graph, node) if graph.tensors[node.outputs[0]].shape[0] == 1 else None


def emit(node: Node, code: Code) -> None:
    """Weights lie row by row of the output, one dot product each."""
    given = node.attributes
    weights = code.tensor(node.inputs[1]).value
    if weights is None:
        raise ContractBroken("a Gemm of computed matrices was not expanded")
    w = weights if given.get("transB") else weights.T
    if given.get("alpha", 1.0) != 1.0:
        w = w * w.dtype.type(given["alpha"])
    bias = np.zeros(len(w), dtype=w.dtype)
    c = code.tensor(node.inputs[2]).value if len(node.inputs) > 2 and node.inputs[2] else None
    if c is not None:
        bias = np.broadcast_to(c.reshape(-1), len(w)) * w.dtype.type(given.get("beta", 1.0))
    dense(code, node.inputs[0], node.outputs[0], np.ascontiguousarray(w), bias, holding.function(node, code))
