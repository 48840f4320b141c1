"""The axes of x in another order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node

OP = "Transpose"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """Reversed, if not told otherwise."""
    return np.ascontiguousarray(np.transpose(x, node.attributes.get("perm")))


def offset(node: Node, graph: Graph, output: int) -> int | None:
    """Only axes of one changed places."""
    shape = graph.tensors[node.inputs[0]].shape
    order = [a for a in _order(node, len(shape)) if shape[a] > 1]
    return 0 if order == sorted(order) else None


def emit(node: Node, code: Code) -> None:
    """Loops over the output's axes."""
    if code.looks(node.outputs[0], node.inputs[0]) and offset(node, code.graph, 0) is not None:
        return
    shape = code.tensor(node.inputs[0]).shape
    order = _order(node, len(shape))
    strides = [int(np.prod(shape[a + 1 :])) for a in order]
    loops = "".join(f"for (int a{k} = 0; a{k} < {shape[a]}; a{k}++) " for k, a in enumerate(order) if shape[a] > 1)
    wide = [k for k, a in enumerate(order) if shape[a] > 1]
    source = " + ".join(f"a{k} * {strides[k]}" for k in wide) or "0"
    below = {k: int(np.prod([shape[a] for a in order[k + 1 :]])) for k in wide}
    target = " + ".join(f"a{k} * {below[k]}" for k in wide) or "0"
    code.add(f"{loops}{code.element(node.outputs[0], target)} = {code.element(node.inputs[0], source)};")


def bounds(node: Node, x: tuple[int, int] | None) -> tuple[int, int] | None:
    """Those of x."""
    return x


def _order(node: Node, axes: int) -> list[int]:
    return list(node.attributes.get("perm") or reversed(range(axes)))
