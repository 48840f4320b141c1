"""Operators that are short for others are written out, so that there are few kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node, Tensor


def expand(graph: Graph) -> Graph:
    """Replace every operator that has an ``expanded(node, new)``, until none is left."""
    nodes = list(graph.nodes)
    tensors = dict(graph.tensors)
    done: list[Node] = []
    while nodes:
        node = nodes.pop(0)
        expanded = getattr(OPERATORS.load(node.op), "expanded", None)
        made = expanded(node, Writing(tensors)) if expanded else None
        if made is None:
            done.append(node)
        else:
            nodes[:0] = made
    return replace(graph, tensors=tensors).with_nodes(tuple(done))


class Writing:
    """What an operator needs to write itself as others: constants and new values."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors

    def constant(self, value: np.typing.ArrayLike, dtype: np.typing.DTypeLike = np.float32) -> str:
        """The name of a constant."""
        array = np.asarray(value, dtype=dtype)
        return self._named(Tensor(array.dtype, array.shape, array))

    def value(self, like: str, dtype: np.typing.DTypeLike = np.float32) -> str:
        """The name of a new value of the shape of another."""
        return self._named(Tensor(np.dtype(dtype), self.tensors[like].shape))

    def shaped(self, shape: tuple[int, ...], dtype: np.typing.DTypeLike = np.float32) -> str:
        """The name of a new value of a shape."""
        return self._named(Tensor(np.dtype(dtype), shape))

    def _named(self, tensor: Tensor) -> str:
        name = f"expanded {len(self.tensors)}"
        self.tensors[name] = tensor
        return name
