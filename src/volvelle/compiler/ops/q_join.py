"""A convolution in whole numbers and its sum with another value: how the end of a residual block is carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.ops import q_conv

OP = "QJoin"
DOMAIN = "volvelle"
OVER = 3
SUMS = ("q_add", "q_pair")
"""Operators of two terms that may be carried out so."""


def evaluate(
    node: Node, x: NDArray[Any], weights: NDArray[Any], bias: NDArray[Any], other: NDArray[Any]
) -> NDArray[Any]:
    """Those of the two operators, one after the other."""
    return added(node.attributes["sum"], *_ordered(node, q_conv.evaluate(node, x, weights, bias), other))


def added(node: Node, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """What one of `SUMS` makes of its terms."""
    return np.asarray(OPERATORS.load(node.op).evaluate(node, a, b))


def written(node: Node, kind: str, a: str, b: str) -> str:
    """One of `SUMS` in C."""
    return str(OPERATORS.load(node.op).express(node, (kind,), a, b))


def emit(node: Node, code: Code) -> None:
    """Channel by channel, which lies on the stack until it is added: only the sum has a place."""
    x, w, b, other = node.inputs
    kind, out = code.kind(x), code.tensor(node.outputs[0])
    weights = np.asarray(code.tensor(w).value)
    places = out.size // len(weights)
    name, tail = q_conv.kernel(node, code, "1")
    pair = _ordered(node, "plane[i]", "a[i]")
    facts = {"kind": kind, "places": places, "call": f"{name}(x, w, b, scale, plane, {tail})"}
    join = code.special("q_join", **facts, sum=written(node.attributes["sum"], kind, *pair))
    how = node.attributes["rescaling"]
    ends = [
        code.pointer(x),
        f"{code.pointer(w)} + o * {weights[0].size}",
        f"{code.pointer(b)} + o",
        f"{code.table(how.scale)}{' + o' * how.each}",
        f"{code.pointer(other)} + o * {places}",
        f"{code.pointer(node.outputs[0])} + o * {places}",
    ]
    code.add(f"for (int o = 0; o < {len(weights)}; o++)", f"    {join}({', '.join(ends)});")


def _ordered(node: Node, made: Any, other: Any) -> tuple[Any, Any]:
    """As they stood in the sum: its terms are not rounded alike."""
    return (other, made) if node.attributes["turned"] else (made, other)
