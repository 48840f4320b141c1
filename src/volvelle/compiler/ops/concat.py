"""Values one after another along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.limits import room

OP = "Concat"
DOMAIN = ""


def evaluate(node: Node, *x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    room((sum(a.size for a in x),))
    return np.concatenate(x, axis=node.attributes["axis"])


def flat(node: Node, graph: Graph) -> bool:
    """Whether the parts lie one after another in memory."""
    shape = graph.tensors[node.outputs[0]].shape
    return all(d == 1 for d in shape[: node.attributes["axis"] % len(shape)])


def emit(node: Node, code: Code) -> None:
    """Parts that were made in their place already are not copied."""
    shape = code.tensor(node.outputs[0]).shape
    axis = node.attributes["axis"] % len(shape)
    outer, below = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
    at = 0
    for part in node.inputs:
        width = code.tensor(part).shape[axis] * below
        view = code.plan.views.get(part)
        placed = code.plan.views.get(node.outputs[0])
        root = placed.root if placed else node.outputs[0]
        start = placed.offset if placed else 0
        there = view is not None and view.root == root and view.offset == start + at and outer == 1
        if not there or part in code.local:
            if outer == 1 and width == 1:
                code.add(f"{code.element(node.outputs[0], str(at))} = {code.element(part, '0')};")
            elif outer == 1:
                source, target = code.element(part, "i"), code.element(node.outputs[0], f"i + {at}")
                code.add(f"for (int i = 0; i < {width}; i++) {target} = {source};")
            else:
                target = code.element(node.outputs[0], f"o * {shape[axis] * below} + {at} + i")
                source = code.element(part, f"o * {width} + i")
                code.add(f"for (int o = 0; o < {outer}; o++) for (int i = 0; i < {width}; i++) {target} = {source};")
        at += width


def bounds(node: Node, *given: tuple[int, int] | None) -> tuple[int, int] | None:
    """Of all parts."""
    if any(g is None for g in given):
        return None
    known = [g for g in given if g is not None]
    return min(low for low, _ in known), max(high for _, high in known)
