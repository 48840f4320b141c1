"""Trees in C: as one stream of bytes that a small loop walks.

A tree is written in the order in which it is walked. A node is a word of two to four bytes: which of its children are
leaves, whether a missing value answers yes, the number of its split among all different splits, and the feature. Behind
it follow its leaves and subtrees; only a node with two subtrees needs to say where the second begins. A leaf names
what it adds: a value, or a place in the list of different leaves. Where all values are multiples of one power of
two, and no sum of them needs more than 31 bits, they are added as whole numbers: exactly, in any order, and cheaply on
a core without a floating-point unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.forest import LEAF, Forest

TWO_LEAVES, YES_LEAF, NO_LEAF, TWO_TREES = range(4)


@dataclass(frozen=True, slots=True)
class Values:
    """What leaves add, as whole numbers.

    Attributes:
        unit: they are multiples of this power of two; 0 where they are the bits of a float32.
        of: leaf node to (target, whole number).
    """

    unit: float
    of: dict[int, tuple[tuple[int, int], ...]]


def write(forest: Forest, x: str, out: str, code: Code) -> None:
    """Write the sums of a forest over a row of features."""
    stream = Stream(forest)
    names = [code.table(stream.data), code.table(stream.begins)]
    names += [code.table(stream.splits), code.table(stream.sets) if stream.sets.size else "0"]
    names += [code.table(stream.leaves) if stream.leaves.size else "0"]
    count, y = len(forest.roots), code.pointer(out)
    bits = f"{stream.split_bits}, {stream.feature_bits}, {stream.tracks}, {stream.word}"
    sizes = f"{len(stream.splits)}, {stream.set_bytes}, {stream.skip}, {stream.reference}, {stream.value}"
    whole = stream.values.unit != 0
    sums = code.fresh("sums") if whole else y
    kernel = "forest_whole" if whole else "forest_real"
    if whole:
        code.add(f"int32_t {sums}[{forest.targets}] = {{0}};")
    else:
        code.add(*(f"{code.element(out, str(k))} = {literal(s)};" for k, s in enumerate(forest.start)))
    code.add(
        f"vv_{kernel}({code.pointer(x)}, {sums}, {', '.join(names)},",
        f"    {count}, {forest.targets}, {stream.begin}, {int(stream.rotates)},",
        f"    {bits}, {sizes});",
    )
    if whole:
        unit = literal(np.float32(stream.values.unit))
        for k, start in enumerate(forest.start):
            plus = f" + {literal(start)}" if start else ""
            code.add(f"{code.element(out, str(k))} = (float){sums}[{k}] * {unit}{plus};")


class Stream:
    """The bytes of a forest."""

    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        inner = forest.feature != LEAF
        numeric = inner.copy()
        numeric[list(forest.members)] = False
        self.splits: NDArray[np.float32] = np.unique(forest.split[numeric])
        sets = sorted(set(forest.members.values()))
        self._set_numbers = {s: len(self.splits) + k for k, s in enumerate(sets)}
        most = max((max(s, default=0) for s in sets), default=0)
        self.set_bytes = most // 8 + 1 if sets else 0
        self.sets = _bitmaps(sets, self.set_bytes)
        self.split_bits = _bits(len(self.splits) + len(sets))
        self.feature_bits = _bits(int(forest.feature.max()) + 1)
        self.tracks = int(forest.missing[inner].any())
        self.word = ceil((2 + self.tracks + self.split_bits + self.feature_bits) / 8)
        self.values = whole_values(forest)
        self.rotates = self._one_target_each()
        self._leaf_list()
        self._write()

    def _one_target_each(self) -> bool:
        """Whether tree k adds to sum k modulo the targets and to no other, so that leaves need not name it."""
        forest = self._forest
        for number, root in enumerate(forest.roots):
            wanted = number % forest.targets
            if any(
                t != wanted or len(self.values.of[n]) > 1 for n in _leaves(forest, root) for t, _ in self.values.of[n]
            ):
                return False
        return True

    def _leaf_list(self) -> None:
        """Different leaves one after another; a leaf is named by where its entry begins."""
        entries = {self.values.of[n] for root in self._forest.roots for n in _leaves(self._forest, root)}
        biggest = max((abs(v) for e in entries for _, v in e), default=0)
        self.value = next(b for b in (1, 2, 3, 4) if biggest < 2 ** (8 * b - 1)) if self.values.unit else 4
        self._named: dict[tuple[tuple[int, int], ...], int] = {}
        self.leaves = np.zeros(0, dtype=np.uint8)
        self.reference = 0
        count = sum(len(_leaves(self._forest, root)) for root in self._forest.roots)
        if self.rotates:
            listed = len(entries) * self.value
            self.reference = 1 if len(entries) <= 256 else 2
            if listed + count * self.reference >= count * self.value or len(entries) > 65536:
                self.reference = 0
                return
        blob = bytearray()
        for entry in sorted(entries, key=lambda e: (len(e), e)):
            self._named[entry] = len(blob) // (self.value if self.rotates else 1)
            for position, (target, value) in enumerate(entry or ((0, 0),)):
                if not self.rotates:
                    blob.append(target | (0x80 if position == len(entry or ((0, 0),)) - 1 else 0))
                blob += _bytes(value, self.value)
        self.leaves = np.frombuffer(bytes(blob), dtype=np.uint8)
        if not self.rotates:
            self.reference = next(b for b in (1, 2, 3) if len(blob) <= 2 ** (8 * b))

    def _write(self) -> None:
        self.skip = 1
        while True:
            data, begins = bytearray(), []
            try:
                for root in self._forest.roots:
                    begins.append(len(data))
                    data += self._tree(root)
                break
            except OverflowError:
                self.skip += 1
        self.data = np.frombuffer(bytes(data), dtype=np.uint8)
        self.begin = next(b for b in (1, 2, 3, 4) if begins[-1] < 2 ** (8 * b))
        packed = b"".join(b.to_bytes(self.begin, "little") for b in begins)
        self.begins = np.frombuffer(packed, dtype=np.uint8)

    def _tree(self, root: int) -> bytes:
        """Children before parents, so that deep trees need no recursion."""
        forest = self._forest
        if forest.feature[root] == LEAF:
            # A question whose answers are the same leaf.
            word = (0).to_bytes(self.word, "little")
            return word + self._leaf(root) * 2
        order = [root]
        for node in order:
            order += [c for c in (int(forest.yes[node]), int(forest.no[node])) if forest.feature[c] != LEAF]
        made: dict[int, bytes] = {}
        for node in reversed(order):
            yes, no = int(forest.yes[node]), int(forest.no[node])
            ends = forest.feature[yes] == LEAF, forest.feature[no] == LEAF
            if all(ends):
                made[node] = self._word(node, TWO_LEAVES) + self._leaf(yes) + self._leaf(no)
            elif ends[0]:
                made[node] = self._word(node, YES_LEAF) + self._leaf(yes) + made.pop(no)
            elif ends[1]:
                made[node] = self._word(node, NO_LEAF) + self._leaf(no) + made.pop(yes)
            else:
                first = made.pop(yes)
                skip = len(first).to_bytes(self.skip, "little")
                made[node] = self._word(node, TWO_TREES) + skip + first + made.pop(no)
        return made[root]

    def _word(self, node: int, shape: int) -> bytes:
        forest = self._forest
        if node in forest.members:
            asked = self._set_numbers[forest.members[node]]
        else:
            asked = int(np.searchsorted(self.splits, forest.split[node]))
        bits, at = shape, 2
        for value, width in (
            (int(forest.missing[node]), self.tracks),
            (asked, self.split_bits),
            (int(forest.feature[node]), self.feature_bits),
        ):
            bits |= value << at
            at += width
        return bits.to_bytes(self.word, "little")

    def _leaf(self, node: int) -> bytes:
        entry = self.values.of[node]
        if self.reference:
            return self._named[entry].to_bytes(self.reference, "little")
        return _bytes(entry[0][1] if entry else 0, self.value)


def whole_values(forest: Forest) -> Values:
    """What leaves add, as multiples of the largest power of two that divides them all, if sums of them fit 31 bits."""
    weights = np.asarray([w for adds in forest.adds.values() for _, w in adds], dtype=np.float64)
    largest = sum(
        max((sum(abs(float(w)) for _, w in forest.adds[n]) for n in _leaves(forest, root)), default=0.0)
        for root in forest.roots
    )
    unit = 2.0 ** (ceil(log2(largest)) - 24) if largest > 0 else 1.0
    exact = bool(np.isfinite(weights).all()) and bool((weights / unit == np.rint(weights / unit)).all())
    if exact and unit > 2.0**-126:
        while weights.any() and bool((weights / (2 * unit) == np.rint(weights / (2 * unit))).all()):
            unit *= 2
        return Values(unit, {n: tuple((t, round(float(w) / unit)) for t, w in a if w) for n, a in forest.adds.items()})
    bits = {n: tuple((t, int(w.view(np.int32))) for t, w in a) for n, a in forest.adds.items()}
    return Values(0.0, bits)


def _leaves(forest: Forest, root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if forest.feature[node] == LEAF:
            found.append(node)
        else:
            waiting += [int(forest.no[node]), int(forest.yes[node])]
    return found


def _bits(count: int) -> int:
    return max(count - 1, 0).bit_length()


def _bytes(value: int, width: int) -> bytes:
    return value.to_bytes(width, "little", signed=True)


def _bitmaps(sets: list[tuple[int, ...]], width: int) -> NDArray[np.uint8]:
    made = np.zeros((len(sets), width), dtype=np.uint8)
    for row, codes in enumerate(sets):
        for code in codes:
            made[row, code // 8] |= 1 << code % 8
    return made.reshape(-1)
