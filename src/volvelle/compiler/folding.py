"""Operators along any axis as operators along the last one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Writing


def axis(node: Node, dimensions: int) -> int:
    """The axis of a node; before version 13 of the default domain it was the second."""
    return int(node.attributes.get("axis", -1 if node.version >= 13 else 1)) % max(dimensions, 1)


def matrix(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """What versions before 13 did first: all axes from the named one on are one."""
    return x.reshape(int(np.prod(x.shape[: axis(node, x.ndim)])), -1)


def along_last(node: Node, new: Writing) -> list[Node] | None:
    """A node of one input and output of the same shape, with the axis brought to the end and back.

    None where it lies there already.
    """
    x, out = node.inputs[0], node.outputs[0]
    shape = new.tensor(x).shape
    place = axis(node, len(shape))
    if place == len(shape) - 1 or not shape:
        return None
    if node.version < 13:
        flat = new.call("reshape", x, new.constant([int(np.prod(shape[:place])), -1], np.int64))
        made = replace(
            node, inputs=flat.outputs, outputs=(new.value(flat.outputs[0], new.tensor(x).dtype),), version=13
        )
        made = replace(made, attributes={"axis": -1})
        back = Node("reshape", (*made.outputs, new.constant(shape, np.int64)), (out,))
        return [flat, made, back]
    order = [*(a for a in range(len(shape)) if a != place), place]
    ahead = new.call("transpose", x, perm=order)
    made = replace(node, inputs=ahead.outputs, outputs=(new.value(ahead.outputs[0], new.tensor(x).dtype),))
    made = replace(made, attributes={**node.attributes, "axis": -1})
    return [ahead, made, Node("transpose", made.outputs, (out,), {"perm": [int(k) for k in np.argsort(order)]})]
