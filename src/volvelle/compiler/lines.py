"""From addresses of a linked program to lines of its C, by what the compiler wrote for debuggers (DWARF 4).

Only the lines of one function matter here: what the compiler has put into it from others counts as the line that calls
it, and of what it calls the caller's line is kept by whoever follows the program.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from itertools import pairwise
from typing import Any

from elftools.elf.elffile import ELFFile


class Lines:
    """The lines of one function.

    Args:
        elf: the linked program, with its debugging information.
        file: the C.
        function: its name in the C.
    """

    def __init__(self, elf: bytes, file: str, function: str) -> None:
        spans: list[tuple[int, int, int]] = []
        dwarf = ELFFile(io.BytesIO(elf)).get_dwarf_info()
        for unit in dwarf.iter_CUs():
            # The arithmetic that a core lacks comes with units of its own, which are large.
            name = unit.get_top_DIE().attributes.get("DW_AT_name")
            if name is None or name.value != file.encode():
                continue
            body = next((d for d in unit.get_top_DIE().iter_children() if _named(d, function)), None)
            if body is None:
                continue
            (low, high), *_ = _ranges(body, dwarf)
            program = dwarf.line_program_for_CU(unit)
            rows = [e.state for e in (program.get_entries() if program else ()) if e.state is not None]
            spans += [
                (max(one.address, low), min(two.address, high), one.line)
                for one, two in pairwise(rows)
                if not one.end_sequence and one.address < high and two.address > low
            ]
            # The outermost calls come last, so that they win over what was called inside them.
            spans += _called(body, dwarf)
        self._lines: dict[int, int] = {}
        for low, high, line in spans:
            self._lines.update(dict.fromkeys(range(low & ~1, high, 2), line))

    def of(self, address: int) -> int | None:
        """The line of an instruction; None outside of the function."""
        return self._lines.get(address & ~1)


class Parts:
    """The parts of a C file, by their first lines."""

    def __init__(self, headings: dict[int, str]) -> None:
        self._starts, self._names = sorted(headings), headings

    def of(self, line: int) -> str | None:
        """The heading above a line; None before the first."""
        place = bisect_right(self._starts, line)
        return self._names[self._starts[place - 1]] if place else None


def _named(die: Any, function: str) -> bool:
    name = die.attributes.get("DW_AT_name")
    has_code = "DW_AT_low_pc" in die.attributes
    return die.tag == "DW_TAG_subprogram" and has_code and name is not None and name.value == function.encode()


def _called(body: Any, dwarf: Any) -> list[tuple[int, int, int]]:
    """Spans of what was put in, inner calls first; each with the line of the outermost call."""
    found = []
    for die in body.iter_children():
        if die.tag == "DW_TAG_inlined_subroutine":
            line = die.attributes["DW_AT_call_line"].value
            found += [(low, high, line) for low, high in _ranges(die, dwarf)]
        elif die.tag == "DW_TAG_lexical_block":
            found += _called(die, dwarf)
    return found


def _ranges(die: Any, dwarf: Any) -> list[tuple[int, int]]:
    """Addresses that belong to an entry."""
    asked = die.attributes
    if "DW_AT_ranges" in asked:
        base = die.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
        start = base.value if base else 0
        entries = dwarf.range_lists().get_range_list_at_offset(asked["DW_AT_ranges"].value, cu=die.cu)
        return [(start + e.begin_offset, start + e.end_offset) for e in entries if hasattr(e, "begin_offset")]
    if "DW_AT_low_pc" not in asked:
        return []
    low, high = asked["DW_AT_low_pc"].value, asked["DW_AT_high_pc"]
    return [(low, low + high.value if high.form != "DW_FORM_addr" else high.value)]
