"""Which class of a cycle table each instruction of a block belongs to.

Read from the encodings of the Arm v6-M and v7-M Architecture Reference Manuals (A5) and of the RISC-V unprivileged
specification (chapters 2, 7, 16); what is none of the classes is simple.
"""

from __future__ import annotations

Rule = tuple[int, int, str]

_NARROW: tuple[Rule, ...] = (
    (0xF800, 0x4800, "memory"),
    (0xF000, 0x5000, "memory"),
    (0xE000, 0x6000, "memory"),
    (0xF000, 0x8000, "memory"),
    (0xF000, 0x9000, "memory"),
    (0xF600, 0xB400, "memory"),
    (0xF000, 0xC000, "memory"),
    (0xF000, 0xD000, "branch"),
    (0xF800, 0xE000, "branch"),
    (0xFF00, 0x4700, "branch"),
    (0xF500, 0xB100, "branch"),
    (0xFFC0, 0x4340, "multiply"),
)
"""Mask, value and class of 16-bit Thumb instructions; the first that fits."""
_WIDE: tuple[Rule, ...] = (
    (0xFFF0_0000, 0xFB90_0000, "divide"),
    (0xFFF0_0000, 0xFBB0_0000, "divide"),
    (0xFF00_0000, 0xFB00_0000, "multiply"),
    (0xFFB0_0E50, 0xEE80_0A00, "real divide"),
    (0xFFBF_0ED0, 0xEEB1_0AC0, "real divide"),
    (0xFE00_0000, 0xEC00_0000, "memory"),
    (0xEF00_0000, 0xEE00_0000, "real"),
    (0xFE40_0000, 0xE800_0000, "memory"),
    (0xFE40_0000, 0xE840_0000, "memory"),
    (0xFE00_0000, 0xF800_0000, "memory"),
    (0xF800_8000, 0xF000_8000, "branch"),
)
"""The same of 32-bit ones, the first half-word on top."""
_RISCV: dict[int, str] = {
    0x03: "memory",
    0x23: "memory",
    0x2F: "memory",
    0x63: "branch",
    0x67: "branch",
    0x6F: "branch",
}
_COMPACT: dict[tuple[int, int], str] = {
    (0, 2): "memory",
    (0, 6): "memory",
    (2, 2): "memory",
    (2, 6): "memory",
    (1, 1): "branch",
    (1, 5): "branch",
    (1, 6): "branch",
    (1, 7): "branch",
}


def thumb(code: bytes) -> list[str]:
    """The classes of a block of Thumb instructions, in order.

    >>> thumb(bytes.fromhex("0868" "7047"))
    ['memory', 'branch']
    """
    found, at = [], 0
    while at < len(code):
        first = int.from_bytes(code[at : at + 2], "little")
        if first >> 11 in (0b11101, 0b11110, 0b11111):
            found.append(_first(first << 16 | int.from_bytes(code[at + 2 : at + 4], "little"), _WIDE))
            at += 4
        else:
            found.append(_first(first, _NARROW))
            at += 2
    return found


def riscv(code: bytes) -> list[str]:
    """The classes of a block of RISC-V instructions, in order.

    >>> riscv((0x02A5_8533).to_bytes(4, "little"))
    ['multiply']
    """
    found, at = [], 0
    while at < len(code):
        half = int.from_bytes(code[at : at + 2], "little")
        if half & 3 != 3:
            jump = half & 0xE003 == 0x8002 and half & 0x7C == 0
            found.append("branch" if jump else _COMPACT.get((half & 3, half >> 13), "simple"))
            at += 2
            continue
        word = int.from_bytes(code[at : at + 4], "little")
        if word & 0x7F == 0x33 and word >> 25 == 1:
            found.append("divide" if word >> 14 & 1 else "multiply")
        else:
            found.append(_RISCV.get(word & 0x7F, "simple"))
        at += 4
    return found


def _first(bits: int, rules: tuple[Rule, ...]) -> str:
    return next((kind for mask, value, kind in rules if bits & mask == value), "simple")
