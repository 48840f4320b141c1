"""The most stack that a linked program can take: a walk over its machine code, every branch taken.

Nothing is assumed of the compiler: the routines for arithmetic that a core lacks are walked like the model itself.
Where a branch goes to an address that is computed, the stack pointer is set to one, or a function calls itself, there
is no bound, and none is told. Encodings: Arm v6-M and v7-M Architecture Reference Manuals (A5 to A7), RISC-V
unprivileged specification (chapters 2 and 16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volvelle.compiler.image import Image

_MOST = 2**20


class _Unbounded(ValueError):
    """The walk came to something that it cannot follow."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction: its size, the bytes it takes from the stack, where it may go on, and what it calls."""

    size: int
    down: int = 0
    to: tuple[int, ...] = ()
    ends: bool = False
    call: int | None = None
    guards: int = 0
    """How many instructions behind it are carried out under a condition."""


def deepest(image: Image, machine: str) -> int | None:
    """Bytes of stack below the caller's, at most; None where there is no bound to be found.

    Args:
        image: the linked program.
        machine: of the device; for others than Arm cores and ``riscv32`` there is none.
    """
    arm = machine.startswith("cortex")
    if not arm and machine != "riscv32":
        return None
    known: dict[int, int | None] = {}

    def word(at: int) -> int:
        for start, content in image.sections:
            if start <= at and at + 2 <= start + len(content):
                return int.from_bytes(content[at - start : at - start + 2], "little")
        raise _Unbounded("there is no code")

    try:
        return _function(image.entry & ~1 if arm else image.entry, word, _thumb if arm else _riscv, known)
    except _Unbounded:
        return None


Word = Callable[[int], int]
Decode = Callable[[Word, int], _Step]


def _function(entry: int, word: Word, decode: Decode, known: dict[int, int | None]) -> int:
    """The deepest stack of a function and all that it calls."""
    if entry in known:
        found = known[entry]
        if found is None:
            raise _Unbounded("a function calls itself")
        return found
    known[entry] = None
    seen: dict[int, int] = {}
    waiting = [(entry, 0, 0)]
    most = 0
    while waiting:
        at, depth, guarded = waiting.pop()
        if seen.get(at, -1) >= depth:
            continue
        seen[at] = depth
        step = decode(word, at)
        # What happens under a condition may not: then the stack stays as deep as it is.
        depth += max(step.down, 0) if guarded else step.down
        most = max(most, depth)
        if not 0 <= depth <= _MOST:
            raise _Unbounded("the stack grows in a loop, or beyond its caller's")
        if step.call is not None:
            most = max(most, depth + _function(step.call, word, decode, known))
        waiting += [(target, depth, 0) for target in step.to]
        if guarded or not step.ends:
            waiting.append((at + step.size, depth, step.guards or max(guarded - 1, 0)))
    known[entry] = most
    return most


def _signed(bits: int, width: int) -> int:
    return bits - (1 << width) if bits >> (width - 1) & 1 else bits


def _thumb(word: Word, at: int) -> _Step:
    """A Thumb instruction."""
    first = word(at)
    if first >> 11 in (0b11101, 0b11110, 0b11111):
        return _wide(first, word(at + 2), at)
    if first & 0xFE00 == 0xB400:
        return _Step(2, 4 * (first & 0x1FF).bit_count())
    if first & 0xFE00 == 0xBC00:
        return _Step(2, -4 * (first & 0x1FF).bit_count(), ends=bool(first & 0x100))
    if first & 0xFF00 == 0xB000:
        return _Step(2, (4 if first & 0x80 else -4) * (first & 0x7F))
    if first & 0xF000 == 0xD000 and first >> 8 & 0xF < 0xE:
        return _Step(2, to=(at + 4 + 2 * _signed(first & 0xFF, 8),))
    if first & 0xF800 == 0xE000:
        return _Step(2, to=(at + 4 + 2 * _signed(first & 0x7FF, 11),), ends=True)
    if first & 0xF500 == 0xB100:
        return _Step(2, to=(at + 4 + 2 * (first >> 4 & 0x20 | first >> 3 & 0x1F),))
    if first & 0xFF00 == 0xBF00 and first & 0xF:
        return _Step(2, guards=4 - ((first & 0xF & -(first & 0xF)).bit_length() - 1))
    if first == 0x4770 or first & 0xFF00 == 0xDE00:
        return _Step(2, ends=True)
    if first & 0xFF00 == 0x4700 or (first & 0xFD87 == 0x4485 and first & 0xFF00 != 0x4500):
        raise _Unbounded("a computed branch or stack pointer")
    return _Step(2)


def _wide(first: int, second: int, at: int) -> _Step:
    """A Thumb instruction of 32 bits."""
    if first & 0xF800 == 0xF000 and second & 0x8000:
        return _far(first, second, at)
    pops = {0xE8BD: (second & 0xDFFF).bit_count() * -4, 0xECBD: (second & 0xFF) * -4}
    if first in (0xE92D, 0xED2D) or first & 0xFFBF == 0xED2D:
        return _Step(4, 4 * (second & 0x5FFF).bit_count() if first == 0xE92D else 4 * (second & 0xFF))
    if first in pops or first & 0xFFBF == 0xECBD:
        return _Step(4, pops.get(first, (second & 0xFF) * -4), ends=first == 0xE8BD and bool(second & 0x8000))
    if first == 0xF84D and second & 0xFFF == 0xD04:
        return _Step(4, 4)
    if first == 0xF85D and second & 0xFFF == 0xB04:
        return _Step(4, -4, ends=second >> 12 == 15)
    plain = first & 0xFBFF
    if plain in (0xF1AD, 0xF10D, 0xF2AD, 0xF20D) and second >> 8 & 0xF == 13:
        bits = (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF
        size = bits if plain in (0xF2AD, 0xF20D) else _expanded(bits)
        return _Step(4, size if plain in (0xF1AD, 0xF2AD) else -size)
    sets = first & 0xFFF0 in (0xEA40, 0xEB00, 0xEBA0) or plain & 0xFFE0 in (0xF100, 0xF1A0)
    if (first & 0xFFF0 == 0xE8D0 and second & 0xFFE0 == 0xF000) or (sets and second >> 8 & 0xF == 13):
        raise _Unbounded("a table of branches, or a computed stack pointer")
    return _Step(4)


def _far(first: int, second: int, at: int) -> _Step:
    """A branch of 32 bits."""
    sign, j1, j2 = first >> 10 & 1, second >> 13 & 1, second >> 11 & 1
    if second & 0x5000 in (0x5000, 0x1000):
        high = sign << 23 | (1 - (j1 ^ sign)) << 22 | (1 - (j2 ^ sign)) << 21
        target = at + 4 + 2 * _signed(high | (first & 0x3FF) << 11 | second & 0x7FF, 24)
        return _Step(4, call=target) if second & 0x4000 else _Step(4, to=(target,), ends=True)
    if second & 0x5000 == 0 and first >> 7 & 7 != 7:
        bits = sign << 19 | j2 << 18 | j1 << 17 | (first & 0x3F) << 11 | second & 0x7FF
        return _Step(4, to=(at + 4 + 2 * _signed(bits, 20),))
    if second & 0x5000 == 0x4000:
        raise _Unbounded("a branch into another instruction set")
    return _Step(4)


def _expanded(bits: int) -> int:
    """A constant as Thumb writes it (A5.3.2): a byte, repeated or turned."""
    byte = bits & 0xFF
    if bits >> 10 == 0:
        return (byte, byte << 16 | byte, byte << 24 | byte << 8, byte * 0x01010101)[bits >> 8]
    turned, by = 0x80 | bits & 0x7F, bits >> 7
    return (turned >> by | turned << (32 - by)) & 0xFFFF_FFFF


def _riscv(word: Word, at: int) -> _Step:
    """A RISC-V instruction."""
    half = word(at)
    if half & 3 != 3:
        return _short(half, at)
    code = half | word(at + 2) << 16
    kind, rd, rs = code & 0x7F, code >> 7 & 31, code >> 15 & 31
    if kind == 0x63:
        bits = (code >> 31) << 12 | (code >> 7 & 1) << 11 | (code >> 25 & 63) << 5 | (code >> 8 & 15) << 1
        return _Step(4, to=(at + _signed(bits, 13),))
    if kind == 0x6F:
        bits = (code >> 31) << 20 | (code >> 12 & 255) << 12 | (code >> 20 & 1) << 11 | (code >> 21 & 1023) << 1
        target = at + _signed(bits, 21)
        return _Step(4, call=target) if rd else _Step(4, to=(target,), ends=True)
    if kind == 0x67:
        return _through(code, rd, rs, word, at)
    if kind == 0x13 and rd == rs == 2 and code >> 12 & 7 == 0:
        return _Step(4, -_signed(code >> 20, 12))
    if rd == 2 and kind in (0x13, 0x33, 0x37, 0x17, 0x03):
        raise _Unbounded("a computed stack pointer")
    return _Step(4)


def _through(code: int, rd: int, rs: int, word: Word, at: int) -> _Step:
    """A jump through a register: back to the caller, or far away by the instruction before."""
    if (rd, rs) == (0, 1) and code >> 20 == 0:
        return _Step(4, ends=True)
    before = word(at - 4) | word(at - 2) << 16
    if before & 0x7F == 0x17 and before >> 7 & 31 == rs:
        target = (at - 4 + (before & ~0xFFF) + _signed(code >> 20, 12)) & 0xFFFF_FFFF
        return _Step(4, call=target) if rd else _Step(4, to=(target,), ends=True)
    raise _Unbounded("a computed branch")


def _short(half: int, at: int) -> _Step:
    """A RISC-V instruction of 16 bits."""
    kind, rd = (half & 3, half >> 13), half >> 7 & 31
    if kind in ((1, 1), (1, 5)):
        bits = (half >> 12 & 1) << 11 | (half >> 8 & 1) << 10 | (half >> 9 & 3) << 8 | (half >> 6 & 1) << 7
        bits |= (half >> 7 & 1) << 6 | (half >> 2 & 1) << 5 | (half >> 11 & 1) << 4 | (half >> 3 & 7) << 1
        target = at + _signed(bits, 12)
        return _Step(2, call=target) if kind == (1, 1) else _Step(2, to=(target,), ends=True)
    if kind in ((1, 6), (1, 7)):
        bits = (half >> 12 & 1) << 8 | (half >> 5 & 3) << 6 | (half >> 2 & 1) << 5
        return _Step(2, to=(at + _signed(bits | (half >> 10 & 3) << 3 | (half >> 3 & 3) << 1, 9),))
    if kind == (1, 3) and rd == 2:
        bits = (half >> 12 & 1) << 9 | (half >> 3 & 3) << 7 | (half >> 5 & 1) << 6 | (half >> 2 & 1) << 5
        return _Step(2, -_signed(bits | (half >> 6 & 1) << 4, 10))
    if kind == (1, 0) and rd == 2:
        return _Step(2, -_signed((half >> 12 & 1) << 5 | half >> 2 & 31, 6))
    if half in (0x8082, 0x0000, 0x9002):
        return _Step(2, ends=True)
    if kind == (2, 4) and (half >> 2 & 31 == 0 or rd == 2):
        raise _Unbounded("a computed branch or stack pointer")
    return _Step(2)
