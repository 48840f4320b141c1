"""Bounds that an operator holds its answers between, put into it by a pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.ir import Node


def limited(node: Node, y: NDArray[Any]) -> NDArray[Any]:
    """The answers within the bounds of a node, if it has any; no number stays none."""
    low, high = node.attributes.get("held", (-np.inf, np.inf))
    return np.asarray(np.minimum(np.maximum(y, y.dtype.type(low)), y.dtype.type(high)))


def bounds(node: Node, code: Code) -> tuple[str, str]:
    """The bounds as C."""
    kind = code.tensor(node.outputs[0]).dtype.type
    low, high = node.attributes.get("held", (-np.inf, np.inf))
    return literal(kind(low)), literal(kind(high))


def function(node: Node, code: Code) -> str:
    """The name of a function that holds a number between the bounds of a node; empty if there is nothing to hold."""
    low, high = bounds(node, code)
    kind, ends = code.kind(node.outputs[0]), node.attributes.get("held")
    if not ends:
        return ""
    tests = [f"x < {low} ? {low} : "] if ends[0] > -np.inf else []
    tests += [f"x > {high} ? {high} : "] if ends[1] < np.inf else []
    return code.special("limited", real=kind, held=f"{''.join(tests)}x")
