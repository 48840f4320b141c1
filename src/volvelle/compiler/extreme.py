"""Positions of the largest or the smallest element along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node


def position(how: Callable[..., Any], node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """By NumPy's argmax or argmin; the last of equals is the first from behind.

    No number is passed over; in the first place it stays, for nothing is larger or smaller.
    """
    axis = node.attributes.get("axis", 0)
    if x.dtype.kind == "f":
        ends = {"argmax": (-np.inf, np.inf), "argmin": (np.inf, -np.inf)}[how.__name__]
        none = np.isnan(x)
        first = np.take(none, [0], axis)
        x = np.where(none, ends[0], x)
        if first.any():
            # Held to its place where all others are passed over.
            at = np.arange(x.shape[axis]).reshape([-1 if k == axis % x.ndim else 1 for k in range(x.ndim)])
            x = np.where(first, np.where(at == 0, ends[1], ends[0]), x)
    if node.attributes.get("select_last_index"):
        made = x.shape[axis] - 1 - how(np.flip(x, axis), axis=axis).astype(np.int64)
    else:
        made = how(x, axis=axis).astype(np.int64)
    return np.asarray(np.expand_dims(made, axis) if node.attributes.get("keepdims", 1) else made)


def write(node: Node, code: Code, sign: str) -> None:
    """A row at a time; `sign` is how a better element compares with the best so far."""
    shape = code.tensor(node.inputs[0]).shape
    axis = node.attributes.get("axis", 0) % len(shape)
    outer, below = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
    here, there = (code.element(node.inputs[0], f"(o * {shape[axis]} + {k}) * {below} + i") for k in ("k", "best"))
    better = f"{sign}=" if node.attributes.get("select_last_index") else sign
    code.add(
        f"for (int o = 0; o < {outer}; o++) for (int i = 0; i < {below}; i++) {{",
        "    int best = 0;",
        f"    for (int k = 1; k < {shape[axis]}; k++) {{",
        f"        if ({here} {better} {there}) best = k;",
        "    }",
        f"    {code.element(node.outputs[0], f'o * {below} + i')} = best;",
        "}",
    )
