"""x several times along every axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room
from volvelle.compiler.writing import Chain, Writing

OP = "Tile"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, x: NDArray[Any], repeats: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    room(tuple(int(d * r) for d, r in zip(x.shape, repeats, strict=True)))
    return np.tile(x, repeats)


def expanded(node: Node, new: Writing) -> list[Node]:
    """An axis of one before every axis is expanded."""
    made = Chain(new)
    shape, repeats = new.tensor(node.inputs[0]).shape, new.known(node.inputs[1])
    times = [1] * len(shape) if repeats is None else [int(r) for r in repeats]
    apart = made("reshape", node.inputs[0], [e for d in shape for e in (1, d)])
    wide = made("expand", apart, [e for d, r in zip(shape, times, strict=True) for e in (r, d)])
    made("reshape", wide, [d * r for d, r in zip(shape, times, strict=True)])
    return made.into(node)
