"""Common subexpressions: equal operators on equal inputs are evaluated once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from volvelle.compiler.ir import Graph, Node, Tensor, renamed
from volvelle.compiler.scaling import Rescaling


def same(graph: Graph) -> Graph:
    """Equal constants are one, then equal operators are."""
    names: dict[str, str] = {}
    first: dict[Hashable, str] = {}
    for name, tensor in graph.tensors.items():
        if tensor.value is not None and name not in graph.outputs:
            names[name] = first.setdefault(_constant(tensor), name)
    known: dict[Hashable, tuple[str, ...]] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        node = renamed(node, names)
        facts = tuple(sorted((k, _frozen(v)) for k, v in node.attributes.items()))
        key = (node.op, node.inputs, facts)
        if key in known and not set(node.outputs) & set(graph.outputs):
            names.update(zip(node.outputs, known[key], strict=True))
            continue
        known.setdefault(key, node.outputs)
        kept.append(node)
    return graph.with_nodes(tuple(kept))


def _constant(tensor: Tensor) -> Hashable:
    value = np.ascontiguousarray(tensor.value)
    return tensor.dtype.str, tensor.shape, value.tobytes()


def _frozen(value: Any) -> Hashable:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, Rescaling):
        return value.scale.tobytes(), value.zero, value.least, value.most
    return tuple(value) if isinstance(value, list) else value
