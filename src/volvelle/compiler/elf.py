"""The door to pyelftools: what a linked file puts where."""

from __future__ import annotations

import io
from pathlib import Path

from elftools.elf.elffile import ELFFile

from volvelle.compiler.image import RAM_AT, Image

_ALLOCATED = 2


def read(path: Path, compiler: str, ram_at: int = RAM_AT) -> Image:
    """Read a linked program.

    Args:
        path: an ELF file.
        compiler: what made it.
        ram_at: the lowest address that is no flash.
    """
    whole = path.read_bytes()
    elf = ELFFile(io.BytesIO(whole))
    placed = [s for s in elf.iter_sections() if s["sh_flags"] & _ALLOCATED and s["sh_size"]]
    content = tuple((s["sh_addr"], s.data()) for s in placed if s["sh_type"] != "SHT_NOBITS")
    ram = sum(s["sh_size"] for s in placed if s["sh_addr"] >= ram_at)
    return Image(elf.header["e_entry"], content, sum(len(c) for _, c in content), ram, compiler, whole)
