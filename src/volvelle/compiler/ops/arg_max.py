"""The position of the largest element along an axis; the first or the last of equals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import MAX_ELEMENTS

OP = "ArgMax"
DOMAIN = ""


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own; the last of equals is the first from behind."""
    axis = node.attributes.get("axis", 0)
    if node.attributes.get("select_last_index"):
        made = x.shape[axis] - 1 - np.argmax(np.flip(x, axis), axis=axis).astype(np.int64)
    else:
        made = np.argmax(x, axis=axis).astype(np.int64)
    return np.expand_dims(made, axis) if node.attributes.get("keepdims", 1) else made


def emit(node: Node, code: Code) -> None:
    """A row at a time."""
    shape = code.tensor(node.inputs[0]).shape
    axis = node.attributes.get("axis", 0) % len(shape)
    outer, below = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
    x, out = node.inputs[0], node.outputs[0]
    here, there = (code.element(x, _at(k, shape[axis], below)) for k in ("k", "best"))
    sign = ">=" if node.attributes.get("select_last_index") else ">"
    code.add(
        f"for (int o = 0; o < {outer}; o++) for (int i = 0; i < {below}; i++) {{",
        "    int best = 0;",
        f"    for (int k = 1; k < {shape[axis]}; k++) {{",
        f"        if ({here} {sign} {there}) best = k;",
        "    }",
        f"    {code.element(out, f'o * {below} + i')} = best;",
        "}",
    )


def _at(k: str, size: int, below: int) -> str:
    return f"(o * {size} + {k}) * {below} + i"


def bounds(node: Node, x: tuple[int, int] | None) -> tuple[int, int]:
    """No axis is longer than a tensor may be."""
    return 0, MAX_ELEMENTS - 1
