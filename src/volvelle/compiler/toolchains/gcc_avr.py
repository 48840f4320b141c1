"""GNU's compiler for AVR cores, where it is installed (Debian: apt-get install gcc-avr avr-libc).

Tables lie in flash, in its named address space ``__flash`` (Embedded C, ISO/IEC TR 18037), which GNU's dialect of C
alone has. Sums, products and roots of real numbers are those of AVR-LibC. The first bytes of flash are left to the
vectors of interrupts, and not counted.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from shutil import which

from volvelle.compiler import elf
from volvelle.compiler.image import FLAGS, WARNINGS, Image, write
from volvelle.compiler.records import Device
from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, InputError, MissingExtra

COMMAND = "avr-gcc"
PACKAGES = "gcc-avr avr-libc"
"""Of Debian."""
VECTORS, RAM_AT, STATIC_AT = 0x100, 0x80_0000, 0x80_0200
"""Bytes that vectors take at most; where GNU's tools put RAM; where it begins behind all registers."""
_LAYOUT = f"""SECTIONS {{
  . = {VECTORS:#x};
  .progmem : {{ *(.progmem .progmem.*) }}
  .text : ALIGN(2) {{ *(.text .text.*) }}
  . = {STATIC_AT:#x};
  .data : {{ *(.data .data.* .rodata .rodata.*) }}
  .bss (NOLOAD) : {{ *(.bss .bss.* COMMON) }}
  /DISCARD/ : {{ *(.init* .fini* .comment) }}
}}
__do_copy_data = 0;
__do_clear_bss = 0;
"""


def missing() -> str:
    """Debian's names of what must be installed first; empty where all is there."""
    return "" if which(COMMAND) else PACKAGES


def version() -> str:
    """The compiler and its version.

    Raises:
        MissingExtra: it is not installed.
    """
    if missing():
        raise MissingExtra(f"{COMMAND} is not installed", next_move=f"apt-get install {PACKAGES}")
    done = subprocess.run([COMMAND, "-dumpversion"], capture_output=True, text=True, check=True)
    return f"{COMMAND} {done.stdout.strip()}"


def build(sources: Sources, device: Device) -> Image:
    """Compile and link a model for an AVR.

    Raises:
        InputError: the device is no AVR.
        MissingExtra: the compiler is not installed.
        ContractBroken: the C that we wrote does not compile.
    """
    if not device.target.startswith("-mmcu="):
        raise InputError(
            f"{COMMAND} compiles for AVR, not for {device.core}", next_move=f"choose the toolchain {device.way[0]}"
        )
    name = version()
    with tempfile.TemporaryDirectory(prefix="volvelle-build-") as place:
        folder = Path(place)
        entry = write(sources, folder)
        (folder / "layout.ld").write_text(_LAYOUT, encoding="utf-8")
        flags = [
            device.target,
            *(f.replace("c11", "gnu11") for f in FLAGS),
            "-gdwarf-4",
            *WARNINGS,
            "-Wno-unknown-pragmas",
        ]
        linked = ["-nostdlib", "-Wl,--gc-sections", f"-Wl,--entry={entry}", "-T", "layout.ld", "-o", "model.elf"]
        command = [COMMAND, *flags, *linked, f"{sources.name}.c", "-Wl,--start-group,-lm,-lc,-lgcc,--end-group"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
        return elf.read(folder / "model.elf", name, RAM_AT)
