"""A linked program, how it is linked, and what a run of it gives: what all toolchains and emulators share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from volvelle.compiler.sources import Sources

FLASH_AT, RAM_AT = 0x0800_0000, 0x2000_0000
FLAGS = (
    "-std=c11 -Os -ffreestanding -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections "
    "-fno-unwind-tables -fno-asynchronous-unwind-tables -fno-stack-protector"
).split()
WARNINGS = "-Wall -Wextra -Wconversion -Wshadow -Werror".split()
LAYOUT = """ENTRY({entry})
SECTIONS {{
  . = {flash:#x};
  .text : {{ *(.text .text.*) }}
  .rodata : {{ *(.rodata .rodata.* .srodata .srodata.*) }}
  /DISCARD/ : {{ *(.ARM.exidx* .eh_frame* .comment) }}
  . = {ram:#x};
  .data : {{ *(.data .data.* .sdata .sdata.*) }}
  .bss (NOLOAD) : {{ *(.bss .bss.* .sbss .sbss.* COMMON) }}
}}
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A linked program.

    Attributes:
        entry: address of the model's function.
        sections: (address, content) of what lies in flash, or is copied from there at the start.
        flash: bytes of program and constants.
        ram: bytes of static memory.
        compiler: which one, with its version.
        elf: the linked file, with what it tells a debugger.
    """

    entry: int
    sections: tuple[tuple[int, bytes], ...]
    flash: int
    ram: int
    compiler: str
    elf: bytes = b""


@dataclass(frozen=True, slots=True)
class Run:
    """What one call gave.

    Attributes:
        outputs: the bytes of every output.
        instructions: executed.
        cycles: estimated by the table of the core.
        stack: bytes of stack that were written, at most.
    """

    outputs: tuple[NDArray[Any], ...]
    instructions: int
    cycles: int
    stack: int


def write(sources: Sources, folder: Path) -> str:
    """Write the C and a layout for the linker into a folder; gives the name of the function to enter."""
    (folder / f"{sources.name}.h").write_text(sources.header, encoding="utf-8")
    (folder / f"{sources.name}.c").write_text(sources.source, encoding="utf-8")
    entry = f"{sources.name}_run"
    (folder / "layout.ld").write_text(LAYOUT.format(entry=entry, flash=FLASH_AT, ram=RAM_AT), encoding="utf-8")
    return entry
