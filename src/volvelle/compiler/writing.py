"""What an operator needs to write itself as others: constants, new values, and a name for each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Node, Tensor

Operand = str | float | np.generic | NDArray[Any] | list[int]


class Writing:
    """New constants and values beside those of a graph."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors

    def tensor(self, name: str) -> Tensor:
        """A value of the graph."""
        return self.tensors[name]

    def known(self, name: str) -> NDArray[Any] | None:
        """The value of a constant; None for what is computed, and for an absent input."""
        return self.tensors[name].value if name else None

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

    def call(self, op: str, *inputs: str, **attributes: Any) -> Node:
        """An operator with one new output, whose type and shape come from evaluating it on zeros."""
        node = Node(op, inputs, ("",), attributes)
        given = [self._sample(i) if i else None for i in inputs]
        module = OPERATORS.load(op)
        with np.errstate(all="ignore"):
            made = np.asarray(getattr(module, "outline", module.evaluate)(node, *given))
        return Node(op, inputs, (self.shaped(made.shape, made.dtype),), attributes)

    def _sample(self, name: str) -> NDArray[Any]:
        tensor = self.tensors[name]
        return np.broadcast_to(np.zeros((), tensor.dtype), tensor.shape) if tensor.value is None else tensor.value

    def _named(self, tensor: Tensor) -> str:
        # Values are dropped between two passes, so that a number may be taken.
        number = len(self.tensors)
        while (name := f"expanded {number}") in self.tensors:
            number += 1
        self.tensors[name] = tensor
        return name


class Chain:
    """Operators one after another; the last one makes what the whole was asked for.

    Args:
        new: what names constants and values.
    """

    def __init__(self, new: Writing) -> None:
        self._new = new
        self.nodes: list[Node] = []

    def __call__(self, op: str, *inputs: Operand, **attributes: Any) -> str:
        """Add an operator and name its output.

        A number becomes a constant of the type of the first value that is named; an array or a list of whole numbers
        stays as it is.
        """
        named = next((i for i in reversed(inputs) if isinstance(i, str) and i), "")
        names = [i if isinstance(i, str) else self._constant(i, named) for i in inputs]
        self.nodes.append(self._new.call(op, *names, **attributes))
        return self.nodes[-1].outputs[0]

    def _constant(self, value: Operand, like: str) -> str:
        if isinstance(value, int | float) and like:
            return self._new.constant(value, self._new.tensor(like).dtype)
        array = np.asarray(value)
        return self._new.constant(array, array.dtype)

    def into(self, node: Node) -> list[Node]:
        """All of them, with the last one's output named as that of another operator."""
        last = self.nodes[-1]
        return [*self.nodes[:-1], Node(last.op, last.inputs, node.outputs, last.attributes)]
