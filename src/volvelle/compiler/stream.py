"""Trees as one stream of bits that a small loop walks: the layout for little flash.

First come where each tree begins, then the different values of leaves, then the leaves that add to several sums, then
the trees in the order in which they are walked. A node says which of its children are leaves, whether a missing value
answers yes, its feature, and the number of its split among all different splits; behind it follow its leaves and
subtrees, a single leaf first, and only a node with two subtrees says where the second begins. Every number has as many
bits as the largest of its kind needs. A leaf that adds to one sum is written in its place, others are written once and
named by where. Where the terms of every leaf add up to the same (shares of classes do), the last is not written.

A walk ends, for every step reads on from where it is, or skips forward by a number that is not below 0, in data of
fixed length, and a list of terms ends with a bit; a number that its field does not hold is refused when it is written.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.forest import LEAF, Forest
from volvelle.compiler.leaves import Term, Values, leaves, turns
from volvelle.errors import ContractBroken

TWO_LEAVES, YES_LEAF, NO_LEAF, TWO_TREES = range(4)
Field = tuple[int, int]
"""A number, and its width in bits."""


class Stream:
    """The bits of a forest, and the widths with which they are read.

    Args:
        forest: the trees.
        values: of their leaves.
    """

    def __init__(self, forest: Forest, values: Values) -> None:
        self._forest, self._values = forest, values
        inner = forest.feature != LEAF
        numeric = inner.copy()
        numeric[list(forest.members)] = False
        # Zeros of both signs answer alike.
        self.splits: NDArray[np.float32] = np.unique(forest.split[numeric] + np.float32(0.0))
        self.sets = sorted(set(forest.members.values()))
        self._numbers = {s: len(self.splits) + k for k, s in enumerate(self.sets)}
        self.asked = width(len(self.splits) + len(self.sets))
        self.feature = width(int(forest.feature.max()) + 1)
        self.tracks = int(forest.missing[inner].any())
        self.turns = turns(forest, values)
        self.target = 0 if self.turns else width(forest.targets)
        self._measure_leaves()
        self._measure_lists()
        self._write()

    def _measure_leaves(self) -> None:
        """Widths of values, and whether they are numbers of a table."""
        entries = {self._terms(n) for root in self._forest.roots for n in leaves(self._forest, root)}
        totals = {sum(v for _, v in e) for e in entries}
        self.rest = totals.pop() if self._values.unit and len(totals) == 1 else None
        self._order(entries)
        written = [v for e in self._ordered.values() for v in self._values_of(e)]
        self.direct = max((signed(v) for v in written), default=0) if self._values.unit else 32
        self.listed = sorted(set(written))
        self._place = {v: k for k, v in enumerate(self.listed)}
        everywhere = [v for root in self._forest.roots for n in leaves(self._forest, root) for v in self._uses(n)]
        table = len(self.listed) * self.direct + len(everywhere) * width(len(self.listed))
        self.table = table < len(everywhere) * self.direct
        self.value = width(len(self.listed)) if self.table else self.direct

    def _order(self, entries: set[tuple[Term, ...]]) -> None:
        """The term whose value is rarest goes last: it is not written where the terms add up to the same."""
        counts: dict[int, int] = {}
        for entry in entries:
            for _, v in entry:
                counts[v] = counts.get(v, 0) + 1
        keep = self.rest is None
        self._ordered = {e: e if keep else tuple(sorted(e, key=lambda t: (-counts[t[1]], t))) for e in entries}

    def _terms(self, node: int) -> tuple[Term, ...]:
        return self._values.of[node] or ((0, 0),)

    def _values_of(self, entry: tuple[Term, ...]) -> list[int]:
        return [v for _, v in (entry if self.rest is None else entry[:-1])]

    def _uses(self, node: int) -> list[int]:
        """Values that are written for this leaf alone."""
        return self._values_of(self._terms(node)) if len(self._terms(node)) == 1 else []

    def _measure_lists(self) -> None:
        self.begin = self.reference = self.skip = 0
        self._lists = sorted(e for e in self._ordered if len(e) > 1)
        self.lists = bool(self._lists)

    def _write(self) -> None:
        """Widths that depend on where things lie grow until they fit."""
        while True:
            self._named: dict[tuple[Term, ...], int] = {}
            fields: list[Field] = []
            at = self.begin * len(self._forest.roots)
            self.table_at = at
            if self.table:
                fields += [(v, self.direct) for v in self.listed]
                at += self.direct * len(self.listed)
            for entry in self._lists:
                self._named[entry] = at
                written = self._list(self._ordered[entry])
                fields += written
                at += sum(w for _, w in written)
            reference = width(at) if self.lists else 0
            begins, longest = [], 0
            if reference <= self.reference:
                for root in self._forest.roots:
                    begins.append(at)
                    tree, most = self._tree(root)
                    fields += tree
                    longest = max(longest, most)
                    at += sum(w for _, w in tree)
            begin = width(max(begins, default=0) + 1)
            if begins and begin <= self.begin and width(longest + 1) <= self.skip:
                break
            self.reference, self.begin = max(reference, self.reference), max(begin, self.begin)
            self.skip = max(width(longest + 1), self.skip)
        self.data = packed([(b, self.begin) for b in begins] + fields)

    def _list(self, entry: tuple[Term, ...]) -> list[Field]:
        fields: list[Field] = []
        for position, (target, value) in enumerate(entry):
            last = position == len(entry) - 1
            fields += [(int(last), 1), (target, self.target)]
            fields += [] if last and self.rest is not None else self._value(value)
        return fields

    def _value(self, value: int) -> list[Field]:
        return [(self._place[value] if self.table else value, self.value)]

    def _leaf(self, node: int) -> list[Field]:
        entry = self._terms(node)
        if len(entry) > 1:
            return [(1, 1), (self._named[entry], self.reference)]
        target, value = entry[0]
        told = [(0 if self.turns else target, self.target), *([] if self.rest is not None else self._value(value))]
        return [(0, 1), *told] if self.lists else told

    def _tree(self, root: int) -> tuple[list[Field], int]:
        """The fields of a tree and its longest skip; children before parents, so that deep trees need no recursion."""
        forest = self._forest
        if forest.feature[root] == LEAF:
            # A question whose answers are the same leaf.
            return [(0, self.word), *self._leaf(root) * 2], 0
        order = [root]
        for node in order:
            order += [c for c in (int(forest.yes[node]), int(forest.no[node])) if forest.feature[c] != LEAF]
        made: dict[int, list[Field]] = {}
        longest = 0
        for node in reversed(order):
            yes, no = int(forest.yes[node]), int(forest.no[node])
            ends = forest.feature[yes] == LEAF, forest.feature[no] == LEAF
            if all(ends):
                made[node] = [*self._question(node, TWO_LEAVES), *self._leaf(yes), *self._leaf(no)]
            elif ends[0]:
                made[node] = [*self._question(node, YES_LEAF), *self._leaf(yes), *made.pop(no)]
            elif ends[1]:
                made[node] = [*self._question(node, NO_LEAF), *self._leaf(no), *made.pop(yes)]
            else:
                first = made.pop(yes)
                over = sum(w for _, w in first)
                longest = max(longest, over)
                made[node] = [*self._question(node, TWO_TREES), (over, self.skip), *first, *made.pop(no)]
        return made[root], longest

    @property
    def word(self) -> int:
        """Bits of a question."""
        return 2 + self.tracks + self.feature + self.asked

    def _question(self, node: int, shape: int) -> list[Field]:
        forest = self._forest
        if node in forest.members:
            asked = self._numbers[forest.members[node]]
        else:
            asked = int(np.searchsorted(self.splits, forest.split[node] + np.float32(0.0)))
        track = (int(forest.missing[node]), self.tracks)
        return [(shape, 2), track, (int(forest.feature[node]), self.feature), (asked, self.asked)]


def width(count: int) -> int:
    """Bits that tell `count` things apart.

    >>> width(1), width(2), width(31), width(32), width(33)
    (0, 1, 5, 5, 6)
    """
    return max(count - 1, 0).bit_length()


def signed(value: int) -> int:
    """Bits that hold a whole number with its sign.

    >>> signed(0), signed(1), signed(-1), signed(127), signed(-128)
    (1, 2, 1, 8, 8)
    """
    return (value if value >= 0 else -value - 1).bit_length() + 1


def packed(fields: list[Field]) -> NDArray[np.uint8]:
    """Numbers one after another, the lowest bit first, and four bytes more, so that whole words may be read.

    Raises:
        ContractBroken: a number takes more bits than it is given, with its sign or without.

    >>> packed([(1, 1), (0, 2), (-1, 5), (3, 2)]).tolist()
    [249, 3, 0, 0, 0, 0]
    """
    for v, w in fields:
        if not -(1 << w) >> 1 <= v < 1 << w:
            raise ContractBroken(f"{v} does not fit {w} bits")
    texts = [format(v & ((1 << w) - 1), f"0{w}b")[::-1] for v, w in fields if w]
    bits = np.frombuffer("".join(texts).encode(), dtype=np.uint8) - ord("0")
    return np.concatenate([np.packbits(bits, bitorder="little"), np.zeros(4, np.uint8)])


def bitmaps(sets: list[tuple[int, ...]], size: int) -> NDArray[np.uint8]:
    """Sets of codes as bits, `size` bytes each."""
    made = np.zeros((len(sets), size), dtype=np.uint8)
    for row, codes in enumerate(sets):
        for code in codes:
            made[row, code // 8] |= 1 << code % 8
    return made.reshape(-1)
