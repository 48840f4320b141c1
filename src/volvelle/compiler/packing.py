"""How the weights of quantised layers lie in flash: as they are, without their zeros, or in a code of their own.

Without its zeros means: a bit for every weight, or how many zeros lie before each that is none.

A layer takes its weights a few rows at a time into a buffer on the stack, so that nothing has to be unpacked before
the first row; where the device is told to have RAM to spare, they are unpacked once and stay. What is smallest is
chosen layer by layer, with each program that unpacks counted once. Unpacking takes ten to sixty instructions a weight,
so where little flash is wanted layers are packed that save three tenths of their weights, each and together; where no
flash is to spare, all that save any.

Source of the code: D. A. Huffman, A method for the construction of minimum-redundancy codes, 1952; in its canonical
form, E. S. Schwartz, B. Kallick, Generating a canonical prefix encoding, 1964.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.records import Goal, Stored
from volvelle.compiler.stream import packed as packed_bits

PROGRAM = {"marks": 60, "gaps": 110, "prefix": 130}
"""Bytes on a Cortex-M4F of what unpacks, once."""
LAYER, GAIN, ROOM = 70, 0.3, 1024
"""Bytes of the loop of one layer; the share of its weights that it must save; bytes of the buffer, at most."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Weights in another form.

    Attributes:
        how: ``marks``, a bit for each weight that is not 0 and then these; ``gaps``, the zeros before each and then
            these; ``prefix``, a code of each layer.
        tables: of bytes, in the order in which the kernel takes them.
    """

    how: str
    tables: tuple[NDArray[Any], ...]
    width: int = 0
    """Bits of a gap."""

    @property
    def bytes(self) -> int:
        """In flash, with the loop of the layer."""
        return sum(t.nbytes for t in self.tables) + LAYER


def for_goal(graph: Graph, goal: Goal, *, narrow: bool = False) -> dict[str, Packed]:
    """`chosen` by what the C is written for: nothing is packed for speed, and where flash is tight all that helps.

    For narrow cores it is all layers or none, for there a pointer to weights means either flash or RAM.
    """
    found = {} if goal == "speed" else chosen(graph, 0.0 if goal == "tight" else GAIN)
    layers = {n.inputs[1] for n in graph.nodes if n.op in ("q_dense", "q_conv")}
    return {} if narrow and layers - found.keys() else found


def chosen(graph: Graph, gain: float = GAIN) -> dict[str, Packed]:
    """Weights, by their name, and the form that takes the least flash, where it saves enough.

    Args:
        graph: the graph.
        gain: the share of its weights that a layer must save, and that all packed ones must save with what unpacks.
    """
    taking = [n for n in graph.nodes if n.op in ("q_dense", "q_conv")]
    layers = {n.inputs[1]: np.asarray(graph.constant(n.inputs[1])) for n in taking}
    sides = {n.inputs[1]: rows_of_group(n, layers[n.inputs[1]]) for n in taking}
    layers = {name: w for name, w in layers.items() if w[0].size * sides[name] <= ROOM}
    forms = {name: {"marks": marks(w), "gaps": gaps(w), "prefix": prefix(w)} for name, w in layers.items()}
    best: dict[str, Packed] = {}
    most = 0.0
    for allowed in (a for count in (1, 2, 3) for a in combinations(PROGRAM, count)):
        made = {name: min((f[how] for how in allowed), key=lambda p: p.bytes) for name, f in forms.items()}
        shares = {name: 1 - p.bytes / layers[name].size for name, p in made.items()}
        # Of layers that save enough, as many as pay for the programs too, those that save most of their own first.
        order = sorted((n for n in made if shares[n] > 0 and shares[n] >= gain), key=lambda n: -shares[n])
        for count in range(1, len(order) + 1):
            taken = {name: made[name] for name in made if name in order[:count]}
            plain = sum(layers[name].size for name in taken)
            programs = sum(PROGRAM[how] for how in {p.how for p in taken.values()})
            saved = plain - sum(p.bytes for p in taken.values()) - programs
            if saved > most and saved >= gain * plain:
                best, most = taken, saved
    return best


def rows_of_group(node: Node, weights: NDArray[Any]) -> int:
    """Rows that have to be unpacked together: those of one group of channels, which read the same."""
    groups = int(node.attributes.get("group", 1))
    return len(weights) // groups if groups > 1 else 1


def marks(weights: NDArray[np.int8]) -> Packed:
    """A bit for each weight, lowest first, and those that are not 0.

    >>> [t.tolist() for t in marks(np.array([[0, 5, 0], [-1, 0, 0]], np.int8)).tables]
    [[10], [5, -1]]
    """
    flat = weights.reshape(-1)
    values = flat[flat != 0] if flat.any() else flat[:1]
    return Packed("marks", (np.packbits(flat != 0, bitorder="little"), values))


def gaps(weights: NDArray[np.int8]) -> Packed:
    """How many zeros lie before each weight that is none, and behind the last, in the bits that take least for all.

    >>> packed = gaps(np.array([0, 0, 5, 0, -1, 0], np.int8))
    >>> packed.width, [t.tolist() for t in packed.tables]
    (2, [[22, 0, 0, 0, 0], [5, -1]])
    """
    flat = weights.reshape(-1)
    ends = np.flatnonzero(flat)
    told = np.diff(np.concatenate([[-1], ends, [len(flat)]])) - 1
    _, width = min((int((told // (2**w - 1) + 1).sum()) * w, w) for w in range(1, 9))
    full = 2**width - 1
    fields = [(bits, width) for gap in told.tolist() for bits in [full] * (gap // full) + [gap % full]]
    return Packed("gaps", (packed_bits(fields), flat[ends] if len(ends) else flat[:1]), width)


def prefix(weights: NDArray[np.int8]) -> Packed:
    """Codes one after another, highest bit first; how many codes each length has; the numbers in the order of codes.

    >>> [t.tolist() for t in prefix(np.array([0, 0, 0, 7, 7, -1], np.int8)).tables]
    [[21, 128], [1, 2], [0, 7, -1]]
    """
    flat = weights.reshape(-1)
    lengths = _lengths(Counter(flat.tolist()))
    order = sorted(lengths, key=lambda s: (lengths[s], -s))
    codes: dict[int, str] = {}
    code = before = 0
    for symbol in order:
        code <<= lengths[symbol] - before
        before = lengths[symbol]
        codes[symbol] = format(code, f"0{before}b")
        code += 1
    bits = np.frombuffer("".join(codes[s] for s in flat.tolist()).encode(), np.uint8) - ord("0")
    counts = np.bincount(list(lengths.values()), minlength=2)[1:]
    kind = np.uint8 if counts.max() < 256 else np.uint16
    return Packed("prefix", (np.packbits(bits), counts.astype(kind), np.array(order, np.int8)))


def _lengths(counts: Counter[int]) -> dict[int, int]:
    """Bits of each number's code; equal counts are joined in the order of the numbers, so that it repeats."""
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    heap: list[tuple[int, int, tuple[int, ...]]] = [(n, s, (s,)) for s, n in sorted(counts.items())]
    heapq.heapify(heap)
    lengths = dict.fromkeys(counts, 0)
    while len(heap) > 1:
        (n, first, a), (m, second, b) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in (*a, *b):
            lengths[symbol] += 1
        heapq.heappush(heap, (n + m, min(first, second), (*a, *b)))
    return lengths


def layer(code: Code, packed: Packed, weights: NDArray[Any], kinds: tuple[str, str], call: str, side: int = 1) -> str:
    """A function ``(x, b, scale, y)`` that unpacks `side` rows at a time and calls a kernel for them.

    Args:
        code: to write into.
        packed: the weights as they lie.
        weights: as they are, ``[rows, ...]``.
        kinds: C types of what goes in and of what comes out.
        call: the kernel's call in C, for ``m`` answers from the first ``j`` on, with weights at ``rows``.
        side: how many rows are unpacked together.
    """
    columns = weights[0].size
    side = max(1, min(side, ROOM // columns, len(weights)))
    begin, take = _taking(code, packed, f"j * {columns}", f"m * {columns}")
    return code.special(
        "unpacked",
        kind=kinds[0],
        made=kinds[1],
        room=side * columns,
        begin=begin,
        rows=len(weights),
        side=side,
        take=take,
        call=call,
    )


def _taking(code: Code, packed: Packed, first: str, count: str) -> tuple[str, str]:
    """What is declared before weights are unpacked into ``rows``, and the call that does it."""
    names = [code.table(t) for t in packed.tables]
    if packed.how == "marks":
        return f"VV_CONST signed char *next = {names[1]};", f"vv_marked({names[0]}, &next, rows, {first}, {count})"
    if packed.how == "gaps":
        begin = f"VV_CONST signed char *next = {names[1]};\n    uint32_t at = 0;\n    int32_t zeros = -1;"
        return begin, f"vv_spaced({names[0]}, &at, {packed.width}, &next, &zeros, rows, {count})"
    decode = code.special("prefixed", count=C_NAMES[packed.tables[1].dtype])
    return "uint32_t next = 0;", f"{decode}({names[0]}, &next, {names[1]}, {names[2]}, rows, {count})"


def kept(graph: Graph, packed: Mapping[str, Packed], plan: int, ram: int | None) -> frozenset[str]:
    """Weights that are unpacked once, at the first call, and stay in RAM: codes first, for they take longest.

    Args:
        graph: the graph.
        packed: its packed weights.
        plan: bytes of working memory.
        ram: bytes of the device, where they are known; half of what the plan leaves is for the stack and for others.
    """
    room = (ram - plan) // 2 if ram is not None else 0
    found = set()
    for name in sorted(packed, key=lambda n: (packed[n].how != "prefix", -graph.tensors[n].size, n)):
        if graph.tensors[name].size <= room:
            found.add(name)
            room -= graph.tensors[name].size
    return frozenset(found)


def keep(code: Code, chosen: Mapping[str, Packed]) -> None:
    """Unpack weights at the first call; from then on they are plain tables."""
    for name, packed in chosen.items():
        size, code.kept[name] = code.tensor(name).size, code.fresh("weights")
        begin, take = _taking(code, packed, "0", str(size))
        code.add(f"{code.special('once', where=code.kept[name], count=size, begin=begin, take=take)}();")


def stored(
    graph: Graph, packed: Mapping[str, Packed], ram: frozenset[str], parts: Mapping[str, str]
) -> tuple[Stored, ...]:
    """What became of the weights of each layer that are packed; `parts` names the part of the C that takes them."""
    sizes = {name: graph.tensors[name].size for name in packed}
    return tuple(Stored(parts[n], form.how, form.bytes, sizes[n], n in ram) for n, form in packed.items())
