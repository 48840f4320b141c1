"""Scales and zero points: of a whole tensor, or of each slice along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Node
from volvelle.compiler.writing import Writing
from volvelle.errors import ModelError

SMALL = (np.dtype(np.int8), np.dtype(np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Rescaling:
    """From an int32 sum to int8 or uint8: times a scale in float32, to the nearest, half to even, plus a zero point.

    Attributes:
        scale: one, or one of each channel.
        zero: the zero point.
        least, most: what the answer is held between; those of the type where they are not told.
    """

    scale: NDArray[np.float32]
    zero: int
    least: int | None = None
    most: int | None = None

    @property
    def each(self) -> int:
        """1 where every channel has its own scale."""
        return int(self.scale.size > 1)

    def held(self, dtype: np.dtype[Any]) -> tuple[int, int]:
        """The bounds of an answer."""
        limits = np.iinfo(dtype)
        return (limits.min if self.least is None else self.least), (limits.max if self.most is None else self.most)

    def bounds(self, kind: str) -> str:
        """Zero point and bounds as arguments of a kernel for a type."""
        return ", ".join(map(str, (self.zero, *self.held(np.dtype(kind)))))


def lift(kind: np.dtype[Any]) -> int:
    """What is added to an int8 before real numbers are made of it: on x86 onnxruntime turns such values into uint8.

    Sums that a zero point is part of are rounded where they then lie.
    """
    return -int(np.iinfo(kind).min)


def saturated(how: Rescaling, whole: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The rescaled sums in NumPy."""
    least, most = how.held(dtype)
    return np.asarray(np.clip(np.rint(whole * how.scale) + how.zero, least, most), dtype=dtype)


def wide(node: Node, dimensions: int, scale: NDArray[Any], zero: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both in a shape that broadcasts.

    Raises:
        ModelError: scales of blocks, or of another shape than their zero points.
    """
    if node.attributes.get("block_size") or scale.ndim > max(1, dimensions) or not (np.asarray(scale) > 0).all():
        raise ModelError("scales must be positive, one for all or one for each slice along an axis")
    if scale.ndim == dimensions > 1:
        return scale, zero
    if scale.size == 1:
        return scale.reshape(()), zero.reshape(()) if zero.size == 1 else zero
    axis = node.attributes.get("axis", 1) % dimensions
    shape = [-1 if a == axis else 1 for a in range(dimensions)]
    return scale.reshape(shape), np.broadcast_to(zero, scale.shape).reshape(shape)


def explicit(node: Node, new: Writing) -> list[Node] | None:
    """The node with a zero point, both in a shape that broadcasts; None where it is so already."""
    x, out = (new.tensor(n) for n in (node.inputs[0], node.outputs[0]))
    kind = out.dtype if node.op == "quantize_linear" else x.dtype
    zero = new.known(node.inputs[2]) if len(node.inputs) > 2 else None
    given = np.asarray(new.known(node.inputs[1]))
    if given.dtype != np.float32:
        raise ModelError(f"scales of {given.dtype} are not supported", next_move="use float32")
    scale, point = wide(node, len(x.shape), given, np.zeros((), kind) if zero is None else zero)
    if zero is not None and zero.shape == point.shape and scale.shape == given.shape:
        return None
    names = new.constant(scale), new.constant(point, kind)
    return [Node(node.op, (node.inputs[0], *names), node.outputs)]
