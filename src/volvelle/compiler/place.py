"""Where every value lives: in the input or output, inside another value, or at an offset of working memory.

Values that only look at another one (a reshape, a slice of neighbouring columns, a part of a concatenation) are
*views*: a root and an offset, no copy. The others get offsets in one pool per C type, packed by the time in which
they are needed, so that no memory is ever read as another type than it was written (C11 6.5, paragraph 7).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from volvelle.catalog import OPERATORS
from volvelle.compiler import offsets
from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Need, Over, Overlap


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


def place(
    graph: Graph,
    local: frozenset[str] = frozenset(),
    together: tuple[tuple[Node, ...], ...] = (),
    unpacked: Container[str] = frozenset(),
) -> Plan:
    """Plan the memory of a graph.

    Args:
        graph: as it will be written.
        local: values that never leave a loop, or are single numbers in a register.
        together: the nodes of every step, each its own if not told: those of one loop read and write in turns.
        unpacked: weights that are unpacked some rows at a time, so that their layer is not carried out place by place.
    """
    together = together or tuple((n,) for n in graph.nodes)
    views = _views(graph, local)
    needs = _needs(graph, local, together, views)
    overs = _overs(graph, together, views, {n.name: n for n in needs}, (local, unpacked))
    pools: dict[str, int] = {}
    places: dict[str, int] = {}
    for pool, mine in _by_pool(graph, needs).items():
        packed = offsets.packed(mine, overs)
        pools[pool] = offsets.top(mine, packed)
        places |= packed
    slots = [Slot(n.name, C_NAMES[graph.tensors[n.name].dtype], places[n.name], *n[1:]) for n in needs]
    return Plan(views, tuple(sorted(slots, key=lambda s: (s.pool, s.first, s.name))), pools)


def demand(graph: Graph) -> list[int]:
    """Bytes that no plan can do without in the step of every node, of all types together: found without planning."""
    together = tuple((n,) for n in graph.nodes)
    views = _views(graph, frozenset())
    needs = _needs(graph, frozenset(), together, views)
    overs = _overs(graph, together, views, {n.name: n for n in needs}, (frozenset(), frozenset()))
    steps = [0] * len(together)
    for mine in _by_pool(graph, needs).values():
        for step, count in offsets.by_step(mine, overs).items():
            steps[step] += count * graph.tensors[mine[0].name].dtype.itemsize
    return steps


def _needs(
    graph: Graph, local: frozenset[str], together: tuple[tuple[Node, ...], ...], views: dict[str, View]
) -> list[Need]:
    """The values that take working memory."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for step, nodes in enumerate(together):
        for name in (n for node in nodes for n in (*node.outputs, *node.inputs)):
            root = _root(name, views)
            if not name or root in local or root in graph.inputs or graph.tensors[root].value is not None:
                continue
            first.setdefault(root, step)
            last[root] = step
    free = {name for name in first if name not in graph.outputs}
    for name in {_root(o, views) for o in graph.outputs} & free:
        last[name] = len(together)
    return [Need(n, graph.tensors[n].size, first[n], last[n]) for n in sorted(free)]


def _by_pool(graph: Graph, needs: list[Need]) -> dict[str, list[Need]]:
    """Values of one C type together."""
    kinds = {n.name: C_NAMES[graph.tensors[n.name].dtype] for n in needs}
    return {pool: [n for n in needs if kinds[n.name] == pool] for pool in sorted(set(kinds.values()))}


def _overs(
    graph: Graph,
    together: tuple[tuple[Node, ...], ...],
    views: dict[str, View],
    needs: dict[str, Need],
    told: tuple[frozenset[str], Container[str]],
) -> dict[tuple[str, str], Over]:
    """What may be written over what: a step's only output over an input that it is the last to read.

    Room to work in is no output. The input may be seen through a view, but in one way only; the output must be no part
    of another value, of which other parts would be in the way.
    """
    overs: dict[tuple[str, str], Over] = {}
    local, unpacked = told
    for step, nodes in enumerate(together):
        room = {n.outputs[k] for n in nodes for k in getattr(OPERATORS.load(n.op), "ROOM", ())}
        made = [o for n in nodes for o in n.outputs if o and o not in local and o not in room]
        if len(made) != 1 or made[0] not in needs or needs[made[0]].first != step:
            continue
        reads = {i for n in nodes for i in n.inputs if i}
        for name in sorted(reads):
            root = _root(name, views)
            seen = [i for i in reads if _root(i, views) == root]
            if root not in needs or needs[root].last != step or seen != [name] or root == made[0]:
                continue
            if graph.tensors[root].dtype != graph.tensors[made[0]].dtype:
                continue
            rule = _rule(nodes, name, graph)
            if rule is not None:
                at = views[name].offset if name in views else 0
                level = rule.level and not any(i in unpacked for i in nodes[0].inputs)
                overs[made[0], root] = Over(at - rule.lead, at if level else None)
    return overs


def _rule(nodes: tuple[Node, ...], name: str, graph: Graph) -> Overlap | None:
    """How the output of a step may lie over one of the values that it reads.

    A loop over elements reads what has the size of its output place by place; everything else is the operator's own
    affair, told by its ``overlap``.
    """
    if all(OPERATORS.fact(n.op, "ELEMENTWISE") is True for n in nodes):
        sizes = {graph.tensors[n.outputs[0]].size for n in nodes}
        return Overlap(0) if sizes == {graph.tensors[name].size} else None
    over = OPERATORS.fact(nodes[0].op, "OVER")
    if (
        len(nodes) == 1
        and isinstance(over, int)
        and list(nodes[0].inputs).count(name) == 1
        and name == nodes[0].inputs[over]
    ):
        return Overlap(0)
    rule = getattr(OPERATORS.load(nodes[0].op), "overlap", None)
    if rule is None or len(nodes) != 1 or name != nodes[0].inputs[0]:
        return None
    found: Overlap | None = rule(nodes[0], graph)
    return found


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
