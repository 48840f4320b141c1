"""Offsets in one pool of memory, so that values that are needed at one time do not get into each other's way.

What a kernel writes may lie over what it reads, as far as the order allows in which it reads and writes: each operator
says how far (`Overlap`). Source: P. Blacker, C. P. Bridges, S. Hadfield, Diagonal memory optimisation for machine
learning on micro-controllers, 2020.

Where the offsets are lowered one value after another, in the order of a best plan, nothing rises, so that some order
of lowering gives a best plan with offsets that never fall. All such orders are searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import NamedTuple

EXACT, STEPS = 8, 4_000
"""Up to so many values every order is searched to its end; beyond, until so many values have been put down."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How the output of a kernel may lie over one of its inputs, in elements of the type of both.

    Attributes:
        lead: the output begins at least so far before the input: every element is then read for the last time before
            it is written over.
        level: whether both may also begin at the same place.
    """

    lead: int
    level: bool = False


def in_turn(*_: object) -> Overlap:
    """The ``overlap`` of an operator that is never ahead with what it writes of what it has still to read."""
    return Overlap(0)


class Need(NamedTuple):
    """A value: its size in elements, and the first and last step in which it is needed."""

    name: str
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Over:
    """An output that may lie over an input, by where it begins behind the beginning of the input's memory.

    Attributes:
        most: it begins there, or before.
        level: or exactly there.
    """

    most: int
    level: int | None = None


Overs = Mapping[tuple[str, str], Over]
"""By the names of output and input."""
Placed = dict[str, int]


def packed(needs: Sequence[Need], overs: Overs) -> Placed:
    """An offset for every value: the least memory for up to `EXACT` of them, and little for more.

    >>> sorted(packed([Need("x", 9, 0, 1), Need("y", 9, 1, 2)], {}).items())
    [('x', 0), ('y', 9)]
    >>> sorted(packed([Need("x", 9, 0, 1), Need("y", 9, 1, 2)], {("y", "x"): Over(-4)}).items())
    [('x', 4), ('y', 0)]
    """
    orders = [
        sorted(needs, key=lambda n: (-n.size, n.first, n.name)),
        sorted(needs, key=lambda n: (-n.last, -n.first, -n.size, n.name)),
        sorted(needs, key=lambda n: (n.first, -n.size, n.name)),
    ]
    tried = [_lowered([(n, 0) for n in order], overs) for order in orders]
    search = _Search(needs, overs, min(tried, key=lambda placed: top(needs, placed)))
    for held in _held(needs, overs):
        blocks = _rigid(needs, held)
        if not any(_inside(block, overs) for block in blocks):
            search.run(blocks)
    return search.best


def top(needs: Sequence[Need], placed: Placed) -> int:
    """Elements of a pool."""
    return max((placed[n.name] + n.size for n in needs), default=0)


def at_once(needs: Sequence[Need], overs: Overs) -> int:
    """Elements that no plan can do without."""
    return max(by_step(needs, overs).values(), default=0)


def by_step(needs: Sequence[Need], overs: Overs) -> dict[int, int]:
    """Elements that are needed in a step in which something is made, less what may be written over in it."""
    found: dict[int, int] = {}
    for step in sorted({n.first for n in needs}):
        alive = {n.name: n.size for n in needs if n.first <= step <= n.last}
        pairs = [(o, i) for o, i in overs if o in alive and i in alive]
        made, read = {o for o, _ in pairs}, {i for _, i in pairs}
        whole = sum(alive.values())
        found[step] = max(whole - sum(alive[n] for n in made - read), whole - sum(alive[n] for n in read))
    return found


Rigid = tuple[tuple[Need, int], ...]
"""Values that move together, with how far each begins behind the first of them."""


class _Search:
    """The best plan so far, and what is left of the steps."""

    def __init__(self, needs: Sequence[Need], overs: Overs, best: Placed) -> None:
        self.best, self._needs, self._overs = best, needs, overs
        self._least, self._top = at_once(needs, overs), top(needs, best)
        self._left = STEPS if len(needs) > EXACT else -1

    def run(self, blocks: list[Rigid]) -> None:
        """Every order of blocks in which offsets never fall and that may still be better than the best."""
        self._put(blocks, [], 0, 0)

    def _put(self, blocks: list[Rigid], placed: list[tuple[Need, int]], least: int, height: int) -> None:
        if not blocks:
            self.best, self._top = {n.name: at for n, at in placed}, height
            return
        for k, block in enumerate(blocks):
            if self._top == self._least or self._left == 0:
                return
            self._left -= 1
            at = _lowest(block, placed, self._overs)
            high = max(height, *(at + by + n.size for n, by in block))
            if at < least or high >= self._top or any(n.size + at >= self._top for b in blocks for n, _ in b):
                continue
            self._put(blocks[:k] + blocks[k + 1 :], [*placed, *((n, at + by) for n, by in block)], at, high)


def _held(needs: Sequence[Need], overs: Overs) -> Iterator[tuple[tuple[str, str, int], ...]]:
    """Which outputs begin level with their input: all choices of a small graph, all or none of a large one."""
    names = {n.name for n in needs}
    level = [(o, i, v.level) for (o, i), v in overs.items() if v.level is not None and {o, i} <= names]
    counts = range(len(level), -1, -1) if len(needs) <= EXACT else sorted({len(level), 0}, reverse=True)
    return chain.from_iterable(combinations(level, count) for count in counts)


def _rigid(needs: Sequence[Need], held: tuple[tuple[str, str, int], ...]) -> list[Rigid]:
    """Values joined to those with which they begin level, the largest first."""
    blocks: list[dict[str, int]] = [{n.name: 0} for n in needs]
    for made, read, by in held:
        mine = next(b for b in blocks if made in b)
        other = next(b for b in blocks if read in b)
        if mine is not other:
            other |= {name: other[read] + by + at - mine[made] for name, at in mine.items()}
            blocks.remove(mine)
    known = {n.name: n for n in needs}
    made_of = [tuple((known[name], at - min(b.values())) for name, at in b.items()) for b in blocks]
    return sorted(made_of, key=lambda b: (-max(n.last for n, _ in b), -max(n.size for n, _ in b), b[0][0].name))


def _inside(block: Rigid, overs: Overs) -> bool:
    """Whether values that are joined get into each other's way, as two inputs of one output do."""
    pairs = [(one, two) for k, one in enumerate(block) for two in block[:k]]
    return any(low <= by < high for (n, by), (m, at) in pairs for low, high in _bars(n, m, at, overs))


def _lowered(order: Sequence[tuple[Need, int]], overs: Overs) -> Placed:
    placed: list[tuple[Need, int]] = []
    for need, by in order:
        placed.append((need, _lowest(((need, by),), placed, overs)))
    return {n.name: at for n, at in placed}


def _lowest(block: Rigid, placed: list[tuple[Need, int]], overs: Overs) -> int:
    """The lowest offset at which a block gets into nobody's way."""
    at = 0
    bars = [
        (low - by, high - by)
        for n, by in block
        for other, there in placed
        for low, high in _bars(n, other, there, overs)
    ]
    for low, high in sorted(bars):
        if low <= at < high:
            at = high
    return at


def _bars(need: Need, other: Need, there: int, overs: Overs) -> list[tuple[int, int]]:
    """Offsets, from each first to before each second, at which a value is in the way of another."""
    if other.first > need.last or need.first > other.last:
        return []
    made = overs.get((need.name, other.name))
    if made is not None:
        return [(there + low, there + high) for low, high in _apart(made, need.size, other.size)]
    read = overs.get((other.name, need.name))
    if read is not None:
        return [(there - high + 1, there - low + 1) for low, high in _apart(read, other.size, need.size)]
    return [(there - need.size + 1, there + other.size)]


def _apart(over: Over, made: int, read: int) -> list[tuple[int, int]]:
    """Where an output must not begin, counted from the beginning of its input."""
    first = max(over.most, -made) + 1
    if over.level is None or not first <= over.level < read:
        return [(first, read)] if first < read else []
    return [(a, b) for a, b in ((first, over.level), (over.level + 1, read)) if a < b]
