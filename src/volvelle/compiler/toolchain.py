"""The C cross-compiler: zig from the `device` extra, which brings all cores' libraries of basic arithmetic.

Nothing of a standard library is linked but what the compiler itself calls (soft floating point, long division), so that
the bytes of the program are those of the model and of the arithmetic that its core lacks.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, MissingExtra

FLAGS = (
    "-std=c11 -Os -ffreestanding -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections "
    "-fno-unwind-tables -fno-asynchronous-unwind-tables -fno-sanitize=all -fno-stack-protector"
).split()
WARNINGS = "-Wall -Wextra -Wconversion -Wshadow -Werror".split()
_LAYOUT = """ENTRY({entry})
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
FLASH_AT, RAM_AT = 0x0800_0000, 0x2000_0000


@dataclass(frozen=True, slots=True)
class Image:
    """A linked program.

    Attributes:
        entry: address of the model's function.
        sections: (address, content) of what lies in flash.
        flash: bytes of program and constants.
        ram: bytes of static memory.
        compiler: which one, with its version.
    """

    entry: int
    sections: tuple[tuple[int, bytes], ...]
    flash: int
    ram: int
    compiler: str


def compiler() -> str:
    """The compiler and its version.

    Raises:
        MissingExtra: it is not installed.
    """
    if importlib.util.find_spec("ziglang") is None:
        raise MissingExtra(
            "compiling for a device needs ziglang, which is not installed", next_move="pip install 'volvelle[device]'"
        )
    done = subprocess.run([sys.executable, "-m", "ziglang", "version"], capture_output=True, text=True, check=True)
    return f"zig {done.stdout.strip()}"


def build(sources: Sources, target: tuple[str, ...]) -> Image:
    """Compile and link a model for a core.

    Args:
        sources: its C.
        target: flags that choose the core.

    Raises:
        MissingExtra: there is no compiler.
        ContractBroken: the C that we wrote does not compile.
    """
    version = compiler()
    with tempfile.TemporaryDirectory(prefix="volvelle-build-") as place:
        folder = Path(place)
        write(sources, folder)
        entry = f"{sources.name}_run"
        (folder / "layout.ld").write_text(_LAYOUT.format(entry=entry, flash=FLASH_AT, ram=RAM_AT), encoding="utf-8")
        linked = ["-Wl,--gc-sections", f"-Wl,--entry={entry}", "-T", "layout.ld", "-o", "model.elf"]
        command = [sys.executable, "-m", "ziglang", "cc", *target, *FLAGS, *WARNINGS, *linked, f"{sources.name}.c"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
        return _read(folder / "model.elf", version)


def host(sources: Sources, folder: Path, *, sanitize: bool = False) -> Path:
    """Compile a model as a shared library of this machine, by its own compiler or by zig."""
    write(sources, folder)
    own = shutil.which("gcc") or shutil.which("cc")
    first = [own] if own else [sys.executable, "-m", "ziglang", "cc"]
    plain = [f for f in FLAGS if f != "-ffreestanding"]
    checks = ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"] if sanitize else []
    target = folder / f"lib{sources.name}.so"
    command = [*first, *plain, "-O2", *checks, *WARNINGS, "-shared", "-fPIC", "-o", str(target), f"{sources.name}.c"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
    return target


def write(sources: Sources, folder: Path) -> None:
    """The header and the source file."""
    (folder / f"{sources.name}.h").write_text(sources.header, encoding="utf-8")
    (folder / f"{sources.name}.c").write_text(sources.source, encoding="utf-8")


def _read(path: Path, version: str) -> Image:
    with path.open("rb") as file:
        elf = ELFFile(file)
        placed = [s for s in elf.iter_sections() if s["sh_flags"] & 2 and s["sh_size"]]
        content = tuple((s["sh_addr"], s.data()) for s in placed if s["sh_type"] != "SHT_NOBITS")
        ram = sum(s["sh_size"] for s in placed if s["sh_addr"] >= RAM_AT)
        return Image(elf.header["e_entry"], content, sum(len(c) for _, c in content), ram, version)
