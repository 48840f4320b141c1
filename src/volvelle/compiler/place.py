"""Where every value lives: in the input or output, inside another value, or at an offset of working memory.

Values that only look at another one (a reshape, a slice of neighbouring columns, a part of a concatenation) are
*views*: a root and an offset, no copy. The others get offsets in one pool per C type, packed by the time in which
they are needed, so that no memory is ever read as another type than it was written (C11 6.5, paragraph 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from volvelle.catalog import OPERATORS
from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.ir import Graph, Node

EXACT = 7
"""Up to so many values all orders are tried; beyond, the largest is placed first."""


@dataclass(frozen=True, slots=True)
class View:
    """A value inside another: its root and the offset in elements."""

    root: str
    offset: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One row of the memory plan: a value, its pool, and when it is needed, in steps."""

    name: str
    pool: str
    offset: int
    """In elements of the pool's type."""
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The memory plan.

    Attributes:
        views: of values that lie inside others.
        slots: of values in working memory.
        pools: elements of each C type.
    """

    views: dict[str, View]
    slots: tuple[Slot, ...]
    pools: dict[str, int]

    @property
    def bytes(self) -> int:
        """Working memory."""
        sizes = {name: kind.itemsize for kind, name in C_NAMES.items()}
        return sum(count * sizes[pool] for pool, count in self.pools.items())


def place(graph: Graph, local: frozenset[str] = frozenset(), together: tuple[tuple[Node, ...], ...] = ()) -> Plan:
    """Plan the memory of a graph.

    Args:
        graph: as it will be written.
        local: values that never leave a loop, or are single numbers in a register.
        together: the nodes of every step, each its own if not told: those of one loop read and write in turns.
    """
    together = together or tuple((n,) for n in graph.nodes)
    views = _views(graph, local)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for step, nodes in enumerate(together):
        for name in (n for node in nodes for n in (*node.outputs, *node.inputs)):
            root = _root(name, views)
            if not name or root in local or root in graph.inputs or graph.tensors[root].value is not None:
                continue
            first.setdefault(root, step)
            last[root] = step
    kept = {_root(o, views) for o in graph.outputs}
    free = {name for name in first if name not in graph.outputs}
    for name in kept & free:
        last[name] = len(together)
    made = {s: [o for n in nodes for o in n.outputs if o and o not in local] for s, nodes in enumerate(together)}
    over = _overwriting(graph, together, made, views, {n: last[n] for n in free})
    until = {n: max(last[m] for m in free if over.get(m, m) == n) for n in free if n not in over}
    slots: list[Slot] = []
    pools: dict[str, int] = {}
    for pool in sorted({C_NAMES[graph.tensors[n].dtype] for n in free}):
        mine = [(n, graph.tensors[n].size, first[n], until[n]) for n in first if n in until]
        packed = _packed([m for m in mine if C_NAMES[graph.tensors[m[0]].dtype] == pool])
        places = {need[0]: at for need, at in packed}
        for name in sorted((n for n in free if over.get(n, n) in places), key=lambda n: (first[n], n)):
            size = graph.tensors[name].size
            slots.append(Slot(name, pool, places[over.get(name, name)], size, first[name], last[name]))
        pools[pool] = max(at + size for (_, size, _, _), at in packed)
    return Plan(views, tuple(slots), pools)


def _overwriting(
    graph: Graph,
    together: tuple[tuple[Node, ...], ...],
    made: dict[int, list[str]],
    views: dict[str, View],
    last: dict[str, int],
) -> dict[str, str]:
    """Values that take the memory of one that the loop which makes them is the last to read, element by element.

    Gives the first of those that share. The loop makes nothing else that is kept, so that every element is read before
    it is overwritten.
    """
    over: dict[str, str] = {}
    for step, nodes in enumerate(together):
        if len(made[step]) != 1 or made[step][0] not in last or not all(map(_elementwise, nodes)):
            continue
        out = graph.tensors[made[step][0]]
        reads = [i for n in nodes for i in n.inputs if i]
        for name in dict.fromkeys(reads):
            alone = all(i == name for i in reads if _root(i, views) == name)
            tensor = graph.tensors[name]
            if last.get(name) == step and alone and (tensor.size, tensor.dtype) == (out.size, out.dtype):
                over[made[step][0]] = over.get(name, name)
                break
    return over


def _elementwise(node: Node) -> bool:
    return OPERATORS.fact(node.op, "ELEMENTWISE") is True


def _root(name: str, views: dict[str, View]) -> str:
    while name in views:
        name = views[name].root
    return name


def _views(graph: Graph, local: frozenset[str]) -> dict[str, View]:
    """Operators that only look, and values that are made where a concatenation wants them."""
    views: dict[str, View] = {}
    for node in graph.nodes:
        offset = getattr(OPERATORS.load(node.op), "offset", None)
        if offset is None or node.inputs[0] in local:
            continue
        for position, name in enumerate(node.outputs):
            at = offset(node, graph, position)
            if at is not None and name not in graph.outputs:
                views[name] = View(node.inputs[0], at)
    for node in graph.nodes:
        if node.op == "concat" and OPERATORS.load("concat").flat(node, graph):
            _gathered(graph, node.inputs, node.outputs[0], views, local)
    return {name: _resolved(name, views) for name in views}


def _gathered(graph: Graph, parts: tuple[str, ...], whole: str, views: dict[str, View], local: frozenset[str]) -> None:
    """Parts are made in their place, also those that are another value in another shape."""
    at = 0
    roots = [_same(part, graph, views) for part in parts]
    for part in roots:
        fixed = part in graph.inputs or part in graph.outputs or graph.tensors[part].value is not None
        if not fixed and part not in views and part not in local and roots.count(part) == 1:
            views[part] = View(whole, at)
        at += graph.tensors[part].size


def _same(name: str, graph: Graph, views: dict[str, View]) -> str:
    """The value that all of another one only looks at."""
    while name in views and not views[name].offset and graph.tensors[views[name].root].size == graph.tensors[name].size:
        name = views[name].root
    return name


def _resolved(name: str, views: dict[str, View]) -> View:
    offset = 0
    while name in views:
        offset += views[name].offset
        name = views[name].root
    return View(name, offset)


Need = tuple[str, int, int, int]


def _packed(needs: list[Need]) -> list[tuple[Need, int]]:
    """Offsets, so that no two values that are needed at one time overlap."""
    by_size = sorted(needs, key=lambda n: (-n[1], n[2], n[0]))
    orders = permutations(by_size) if len(needs) <= EXACT else [tuple(by_size)]
    floor = max((sum(n[1] for n in needs if n[2] <= t <= n[3]) for t in {n[2] for n in needs}), default=0)
    best: list[tuple[Need, int]] = []
    least = np.inf
    for order in orders:
        tried = _first_fit(order)
        top = max(at + need[1] for need, at in tried)
        if top < least:
            best, least = tried, top
        if top == floor:
            break
    return best


def _first_fit(order: tuple[Need, ...]) -> list[tuple[Need, int]]:
    placed: list[tuple[Need, int]] = []
    for need in order:
        at = 0
        for other, start in sorted(placed, key=lambda p: p[1]):
            together = other[2] <= need[3] and need[2] <= other[3]
            if together and at < start + other[1] and start < at + need[1]:
                at = start + other[1]
        placed.append((need, at))
    return placed
