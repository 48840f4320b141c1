"""Whole numbers that are known to fit 32 bits are kept in 32 bits: small cores have no wider registers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volvelle.catalog import OPERATORS
from volvelle.compiler.ir import Graph, Node, Tensor

_LIMIT = np.iinfo(np.int32)
_WIDE = np.dtype(np.int64)


def narrow(graph: Graph) -> Graph:
    """Follow the bounds of whole numbers from inputs and constants through the operators that tell theirs."""
    tensors = dict(graph.tensors)
    for node in graph.nodes:
        for name in node.outputs:
            if name and tensors[name].dtype.kind in "ib":
                low, high = _bounds(node, tensors, name)
                tensors[name] = replace(tensors[name], low=low, high=high)
    for name, tensor in tensors.items():
        if tensor.dtype == _WIDE and _fits(tensor):
            value = None if tensor.value is None else tensor.value.astype(np.int32)
            tensors[name] = replace(tensor, dtype=np.dtype(np.int32), value=value)
    return replace(graph, tensors=tensors)


def _fits(tensor: Tensor) -> bool:
    return tensor.low is not None and tensor.high is not None and _LIMIT.min <= tensor.low and tensor.high <= _LIMIT.max


def _bounds(node: Node, tensors: dict[str, Tensor], out: str) -> tuple[int | None, int | None]:
    if tensors[out].dtype.kind == "b":
        return 0, 1
    given = [_known(tensors[i]) for i in node.inputs if i]
    bounds = getattr(OPERATORS.load(node.op), "bounds", None)
    found = bounds(node, *given) if bounds else None
    if found is None:
        return None, None
    low, high = found
    wide = np.iinfo(tensors[out].dtype)
    # A result that may run over says nothing about where it comes to lie.
    return (low, high) if wide.min <= low and high <= wide.max else (None, None)


def _known(tensor: Tensor) -> tuple[int, int] | None:
    if tensor.dtype.kind == "b":
        return 0, 1
    if tensor.dtype.kind == "f":
        return None
    if tensor.low is None or tensor.high is None:
        limits = np.iinfo(tensor.dtype)
        return int(limits.min), int(limits.max)
    return tensor.low, tensor.high
