"""Scalers before trees become part of their thresholds, which are found so that every number answers as it did.

What adds, takes off, multiplies and divides by positive constants in float32 never falls where its input rises, with
its rounding: so ``f(x) <= t`` holds for the same numbers as ``x <= s``, where s is the largest float32 with
``f(s) <= t``. Of what is made of whole numbers it holds for those at most the whole part of s, which takes less room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.writing import Writing

Steps = tuple[tuple[str, np.float32], ...]
"""What becomes of one column, as (operator, constant)."""
_STRICT = {"BRANCH_LT", "BRANCH_GTE", 1, 2}
_KNOWN = _STRICT | {"BRANCH_LEQ", "BRANCH_GT", "LEAF", 0, 3}
_TOP = np.uint32(2**31)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that trees could read instead, what becomes of each of its columns, and which of them are whole numbers."""

    name: str
    columns: tuple[Steps, ...]
    whole: tuple[bool, ...]

    @property
    def pays(self) -> bool:
        """Whether there is anything to put into thresholds."""
        return any(self.columns) or any(self.whole)


def thresholds(graph: Graph) -> Graph:
    """Let trees read what a scaler reads, of their own or of a part of a concatenation."""
    new = Writing(dict(graph.tensors))
    users, makers = graph.users(), {o: n for n in graph.nodes for o in n.outputs}
    kept: list[Node] = []
    for node in graph.nodes:
        values = _values(node)
        if values is not None:
            row = _row(node.inputs[0], graph, users, makers)
            joined = makers.get(row.name)
            if not row.pays and joined is not None and joined.op == "concat" and users[row.name] == 1:
                row, joined = _parts(joined, new, graph, users, makers)
                kept += [joined] if row.pays else []
            if row.pays:
                node = _asked(node, *values, row)
        kept.append(node)
    return replace(graph, tensors=new.tensors).with_nodes(tuple(kept))


def _values(node: Node) -> tuple[str, list[Any]] | None:
    """Where a node keeps its thresholds, and how each compares; None if it is no tree, or one with other questions."""
    name = {"tree_ensemble": "nodes_splits", "tree_ensemble_classifier": "nodes_values"}.get(node.op)
    name = "nodes_values" if node.op == "tree_ensemble_regressor" else name
    if name is None or name not in node.attributes:
        return None
    modes = [m.decode() if isinstance(m, bytes) else m for m in np.asarray(node.attributes["nodes_modes"]).tolist()]
    return (name, modes) if all(m in _KNOWN for m in modes) else None


def _row(name: str, graph: Graph, users: Mapping[str, int], makers: Mapping[str, Node]) -> _Row:
    tensor = graph.tensors[name]
    columns: list[Steps] = [()] * tensor.shape[-1]
    while name in makers and users[name] == 1 and tensor.shape[:-1] == (1,):
        node = makers[name]
        known = [graph.constant(i) for i in node.inputs]
        x = node.inputs[0] if known and known[0] is None else node.inputs[-1] if node.inputs else ""
        value = next((k for k in known if k is not None), None)
        fits = node.op in ("add", "mul") or (node.op in ("sub", "div") and known[0] is None)
        if not fits or value is None or graph.tensors[x] != tensor or tensor.dtype != np.float32:
            break
        if not np.isfinite(value).all() or (node.op in ("mul", "div") and not (value > 0).all()):
            break
        each = np.broadcast_to(value, tensor.shape).reshape(-1)
        columns = [((node.op, c), *steps) for c, steps in zip(each, columns, strict=True)]
        name = x
    source = makers.get(name)
    whole = source is not None and source.op == "cast" and graph.tensors[source.inputs[0]].dtype.kind in "iu"
    return _Row(name, tuple(columns), (whole,) * len(columns))


def _parts(
    joined: Node, new: Writing, graph: Graph, users: Mapping[str, int], makers: Mapping[str, Node]
) -> tuple[_Row, Node]:
    """A concatenation of what lies before the scalers of its parts."""
    out = graph.tensors[joined.outputs[0]]
    rows = [_row(i, graph, users, makers) for i in joined.inputs]
    name = new.shaped(out.shape, out.dtype)
    columns, whole = tuple(c for r in rows for c in r.columns), tuple(w for r in rows for w in r.whole)
    last = joined.attributes["axis"] % len(out.shape) == len(out.shape) - 1 and len(columns) == out.shape[-1]
    made = replace(joined, inputs=tuple(r.name for r in rows), outputs=(name,))
    return (_Row(name, columns, whole) if last else _Row(name, (), ())), made


def _asked(node: Node, name: str, modes: list[Any], row: _Row) -> Node:
    """The trees with the thresholds of another row."""
    given = node.attributes
    features = np.asarray(given["nodes_featureids"])
    values = np.asarray(given[name], dtype=np.float32).copy()
    strict = np.asarray([m in _STRICT for m in modes])
    inner = np.asarray([m != "LEAF" for m in modes]) & np.isfinite(values)
    for feature in np.unique(features[inner]):
        steps = row.columns[feature]
        for sharp in (False, True):
            chosen = inner & (features == feature) & (strict == sharp)
            if steps and chosen.any():
                values[chosen] = _largest(steps, values[chosen], sharp)
            if row.whole[feature]:
                values[chosen] = np.ceil(values[chosen]) if sharp else np.floor(values[chosen])
    told = values.tolist() if isinstance(given[name], list | tuple) else values
    return replace(node, inputs=(row.name, *node.inputs[1:]), attributes={**given, name: told})


def _largest(steps: Steps, limits: NDArray[np.float32], strict: bool) -> NDArray[np.float32]:
    """The largest number of which the limit is not exceeded; strictly, the smallest of which it is reached.

    >>> _largest((("sub", np.float32(1)), ("div", np.float32(3))), np.float32([2.0]), False).tolist()
    [7.0]
    """
    low = np.full(limits.shape, _place(np.float32(-np.inf)), np.int64)
    high = np.full(limits.shape, _place(np.float32(np.inf)) + 1, np.int64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        made = _scaled(steps, _number(middle))
        below = made < limits if strict else made <= limits
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _number(high if strict else low)


def _scaled(steps: Steps, x: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):
        for op, c in steps:
            x = x + c if op == "add" else x - c if op == "sub" else x * c if op == "mul" else x / c
    return x


def _place(x: np.float32) -> int:
    """Where a number stands among all of float32."""
    bits = x.view(np.uint32)
    return int(~bits if bits >= _TOP else bits | _TOP)


def _number(place: NDArray[np.int64]) -> NDArray[np.float32]:
    """The number at a place."""
    bits = place.astype(np.uint32)
    return np.where(bits >= _TOP, bits ^ _TOP, ~bits).astype(np.uint32).view(np.float32)
