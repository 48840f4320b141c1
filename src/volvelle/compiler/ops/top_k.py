"""The k largest or smallest elements along the last axis, and where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ir import Node
from volvelle.compiler.limits import MAX_ELEMENTS
from volvelle.errors import ModelError

OP = "TopK"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], k: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Best first; the first of equals."""
    count = int(np.asarray(k).reshape(-1)[0])
    if node.attributes.get("axis", -1) % x.ndim != x.ndim - 1 or not 0 < count <= x.shape[-1]:
        raise ModelError("TopK is supported along the last axis, up to its length", next_move="transpose before")
    sign = -1 if node.attributes.get("largest", 1) else 1
    order = np.argsort(sign * x, axis=-1, kind="stable")[..., :count]
    return np.take_along_axis(x, order, axis=-1), order.astype(np.int64)


def emit(node: Node, code: Code) -> None:
    """By insertion: k is small."""
    shape = code.tensor(node.inputs[0]).shape
    values, places = (*node.outputs, "")[:2]
    count = int(code.tensor(values or places).shape[-1])
    rows = int(np.prod(shape[:-1]))
    kind, whole = code.kind(node.inputs[0]), code.kind(places) if places else "int32_t"
    best, where = code.fresh("best"), code.fresh("where")
    sign = ">" if node.attributes.get("largest", 1) else "<"
    x = code.element(node.inputs[0], f"r * {shape[-1]} + i")
    code.add(
        f"for (int r = 0; r < {rows}; r++) {{",
        f"    {kind} {best}[{count}];",
        f"    {whole} {where}[{count}];",
        "    int filled = 0;",
        f"    for (int i = 0; i < {shape[-1]}; i++) {{",
        f"        const {kind} cell = {x};",
        "        int at = filled;",
        f"        if (at == {count}) {{",
        f"            if (!(cell {sign} {best}[{count - 1}])) continue;",
        "            at--;",
        "        } else {",
        "            filled++;",
        "        }",
        f"        for (; at > 0 && cell {sign} {best}[at - 1]; at--) {{",
        f"            {best}[at] = {best}[at - 1];",
        f"            {where}[at] = {where}[at - 1];",
        "        }",
        f"        {best}[at] = cell;",
        f"        {where}[at] = i;",
        "    }",
        f"    for (int i = 0; i < {count}; i++) {{",
        *([f"        {code.element(values, f'r * {count} + i')} = {best}[i];"] if values else []),
        *([f"        {code.element(places, f'r * {count} + i')} = {where}[i];"] if places else []),
        "    }",
        "}",
    )


def bounds(node: Node, x: tuple[int, int] | None, k: tuple[int, int] | None) -> tuple[int, int]:
    """Of the positions, and of whole numbers among which they are."""
    least, most = x or (0, 0)
    return min(least, 0), max(most, MAX_ELEMENTS - 1)
