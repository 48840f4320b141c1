"""The typed graph that the compiler works on: one row at a time, every shape known.

Names are those of the ONNX file; nothing of them reaches C but numbers. Constants carry their value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tensor:
    """One value of the graph.

    Attributes:
        dtype: element type.
        shape: all dimensions; the first of an input, where it was open, is the single row.
        value: of a constant.
        low, high: bounds that every element of a whole number type keeps to, where known.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    value: NDArray[Any] | None = field(default=None, compare=False)
    low: int | None = None
    high: int | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in memory."""
        return self.size * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: the name of its file, what goes in and comes out, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    """Names; empty for an optional input that is absent."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    version: int = 21
    """Of the operator's domain, in which some operators changed what they mean."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which every value is made before it is used."""

    name: str
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    words: tuple[str, ...] = ()
    """Texts that come out as their positions in this list."""

    def constant(self, name: str) -> NDArray[Any] | None:
        """The value of a constant; None for what is computed."""
        return self.tensors[name].value if name else None

    def users(self) -> dict[str, int]:
        """How often each value is read, outputs of the graph included."""
        counts: dict[str, int] = {}
        for name in (*(i for n in self.nodes for i in n.inputs if i), *self.outputs):
            counts[name] = counts.get(name, 0) + 1
        return counts

    def with_nodes(self, nodes: tuple[Node, ...], tensors: Mapping[str, Tensor] | None = None) -> Graph:
        """The graph with other nodes; values that nothing makes or reads any more are dropped."""
        known = self.tensors if tensors is None else tensors
        named = {*self.inputs, *self.outputs, *(x for n in nodes for x in (*n.inputs, *n.outputs) if x)}
        return replace(self, nodes=nodes, tensors={k: t for k, t in known.items() if k in named})


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """The node reading other values."""
    if not any(i in names for i in node.inputs):
        return node
    return replace(node, inputs=tuple(names.get(i, i) for i in node.inputs))
