"""Scales and zero points on the edges of a quantised graph: who makes a value out of int8, who reads it into int8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node, Tensor
from volvelle.compiler.scaling import SMALL, lift


@dataclass(frozen=True, slots=True)
class Quantised:
    """A value behind a DequantizeLinear, or before a QuantizeLinear, with one scale for all or for each of an axis."""

    name: str
    scale: NDArray[np.float32]
    zero: NDArray[Any]
    axis: int

    @property
    def small(self) -> bool:
        """Whether it is of int8 or uint8, with one scale."""
        return self.scale.size == 1 and self.zero.size == 1 and self.zero.dtype in SMALL

    def like(self, other: Quantised) -> bool:
        """Whether scale and zero point are one number each and the same."""
        single = self.scale.size == other.scale.size == 1 and self.zero.dtype == other.zero.dtype
        return single and self.scale.item() == other.scale.item() and self.zero.item() == other.zero.item()


@dataclass(frozen=True, slots=True)
class End:
    """What the only reader of a value quantises it to, and what a Relu or Clip before holds it between.

    Attributes:
        to: the quantised value.
        least, most: bounds in its whole numbers, where there are any.
        idle: whether they hold nothing back that its type does not, so that onnxruntime leaves them out.
    """

    to: Quantised
    least: int | None = None
    most: int | None = None
    idle: bool = True


class Seen:
    """A graph, who makes and who reads its values, and the new constants."""

    def __init__(self, graph: Graph) -> None:
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.makers: Mapping[str, Node] = {o: n for n in graph.nodes for o in n.outputs}
        self._places = {o: k for k, n in enumerate(graph.nodes) for o in n.outputs}
        self._readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in node.inputs:
                self._readers.setdefault(name, []).append(node)
        self._outputs = graph.outputs

    def before(self, name: str) -> Quantised | None:
        """What is dequantised to make a value."""
        node = self.makers.get(name)
        return self.quantised(node, node.inputs[0]) if node is not None and node.op == "dequantize_linear" else None

    def behind(self, name: str) -> End | None:
        """What the only reader of a value quantises it to, a Relu or Clip between them."""
        node, held = self.only(name), None
        if node is not None and node.op in ("relu", "clip"):
            node, held = self.only(node.outputs[0]), node
        if node is None or node.op != "quantize_linear":
            return None
        found = self.quantised(node, node.outputs[0])
        if found is None or found.scale.size != 1:
            return None
        return End(found) if held is None else self._held(held, found)

    def only(self, name: str) -> Node | None:
        """The only reader of a value."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._outputs else None

    def lift(self, *wholes: str) -> int | None:
        """What onnxruntime on x86 adds to values of one type before it makes real numbers of them.

        None where it no longer sees one type: it turns an int8 value into uint8 where one quantiser has one reader, a
        dequantiser with one reader. It fuses operators over values of one type alone, others it carries out as written.
        """
        turned = {self.tensors[w].dtype == np.int8 and self._turned(w) for w in wholes}
        return None if len(turned) > 1 else lift(np.dtype(np.int8)) * turned.pop()

    def _turned(self, whole: str) -> bool:
        maker, back = self.makers.get(whole), self.only(whole)
        if maker is None or back is None or (maker.op, back.op) != ("quantize_linear", "dequantize_linear"):
            return False
        seen = back.outputs[0]
        return len(self._readers.get(seen, [])) + (seen in self._outputs) == 1

    def constant(self, value: NDArray[Any]) -> str:
        """The name of a new constant."""
        return self._named(Tensor(value.dtype, value.shape, value))

    def shaped(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
        """The name of a new value."""
        return self._named(Tensor(dtype, shape))

    def like(self, name: str, dtype: np.dtype[Any]) -> str:
        """The name of a new value of the shape of another one."""
        return self.shaped(self.tensors[name].shape, dtype)

    def place(self, name: str) -> int:
        """Where in the graph the node stands that makes a value."""
        return self._places[name]

    def known(self, name: str) -> NDArray[Any] | None:
        """The value of a constant."""
        return self.tensors[name].value if name else None

    def plain(self, name: str) -> NDArray[Any] | None:
        """The value of a constant that is written as it is, and not dequantised."""
        return None if name in self.makers else self.known(name)

    def quantised(self, node: Node, name: str) -> Quantised | None:
        """Scale and zero point of a QuantizeLinear or DequantizeLinear; None where they are none for a whole axis."""
        scale = self.known(node.inputs[1])
        kind = self.tensors[name].dtype
        zero = self.known(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else np.zeros((), kind)
        if scale is None or zero is None or node.attributes.get("block_size") or scale.ndim > 1:
            return None
        return Quantised(name, scale, zero, node.attributes.get("axis", 1))

    def _held(self, held: Node, found: Quantised) -> End | None:
        """Where the bounds of a Relu or Clip come to lie: rounding keeps their order."""
        told: list[Any] = [0.0, None]
        if held.op == "clip":
            told = [self.known(i) if i else None for i in (*held.inputs[1:], "", "")[:2]]
            if any(i and t is None for i, t in zip(held.inputs[1:], told, strict=False)):
                return None
            told = [held.attributes.get(n) if t is None else t for t, n in zip(told, ("min", "max"), strict=True)]
        limits = np.iinfo(found.zero.dtype)
        scale, zero = np.float32(found.scale.item()), int(found.zero.item())
        ends: list[int | None] = []
        idle = True
        for bound, last, side in zip(told, (limits.min, limits.max), (1, -1), strict=True):
            if bound is None:
                ends.append(None)
                continue
            value = np.float32(np.asarray(bound).item())
            with np.errstate(over="ignore"):
                whole = np.rint(value / scale) + zero
            ends.append(int(np.clip(whole, limits.min, limits.max)))
            idle = idle and bool(value * side <= np.float32(last - zero) * scale * side)
        return End(found, ends[0], ends[1], idle)

    def _named(self, tensor: Tensor) -> str:
        name = f"integer {len(self.tensors)}"
        self.tensors[name] = tensor
        return name
