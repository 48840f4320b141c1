"""A one at the position told, zeros elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from volvelle.compiler.ir import Node
from volvelle.compiler.limits import room
from volvelle.compiler.writing import Chain, Writing

OP = "OneHot"
DOMAIN = ""
CONSTANT = (1,)


def evaluate(node: Node, index: NDArray[Any], depth: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Negative positions count from the end; those beyond it leave zeros alone."""
    size = int(np.asarray(depth).reshape(-1)[0])
    room((size, *index.shape))
    places = np.where(index < 0, index + size, index)
    hot = np.expand_dims(places, -1) == np.arange(size)
    axis = node.attributes.get("axis", -1)
    return np.moveaxis(np.where(hot, values[1], values[0]), -1, axis)


def expanded(node: Node, new: Writing) -> list[Node]:
    """As a comparison with all positions."""
    made = Chain(new)
    index, depth, values = node.inputs
    size = int(np.asarray(new.known(depth)).reshape(-1)[0])
    axis = node.attributes.get("axis", -1) % (len(new.tensor(index).shape) + 1)
    plain = made("cast", index, to=TensorProto.INT64)
    placed = made("where", made("less", plain, 0), made("add", plain, size), plain)
    wide = made("unsqueeze", placed, [axis])
    positions = np.arange(size).reshape([-1 if a == axis else 1 for a in range(len(new.tensor(wide).shape))])
    low, high = (made("gather", values, np.asarray(k)) for k in (0, 1))
    made("where", made("equal", wide, positions), high, low)
    return made.into(node)
