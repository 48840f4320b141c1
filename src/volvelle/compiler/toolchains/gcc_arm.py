"""GNU's compiler for Arm cores, where it is installed (Debian: apt-get install gcc-arm-none-eabi).

The second opinion on zig: other code from the same C, the same answers. For arithmetic that a core lacks it links its
own library, and newlib for roots.
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

COMMAND = "arm-none-eabi-gcc"
_CORES = {
    "cortex-m0": "-mcpu=cortex-m0 -mfloat-abi=soft",
    "cortex-m3": "-mcpu=cortex-m3 -mfloat-abi=soft",
    "cortex-m4": "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
    "cortex-m7": "-mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
    "cortex-m33": "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
}


def version() -> str:
    """The compiler and its version.

    Raises:
        MissingExtra: it is not installed.
    """
    if which(COMMAND) is None:
        raise MissingExtra(
            f"{COMMAND} is not installed",
            next_move="apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi, or stay with zig",
        )
    done = subprocess.run([COMMAND, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return f"{COMMAND} {done.stdout.strip()}"


def build(sources: Sources, device: Device) -> Image:
    """Compile and link a model for an Arm core.

    Raises:
        InputError: the core is no Arm core.
        MissingExtra: the compiler is not installed.
        ContractBroken: the C that we wrote does not compile.
    """
    if device.machine not in _CORES:
        raise InputError(
            f"{COMMAND} compiles for Arm cores, not for {device.core}",
            next_move=f"choose the toolchain {device.way[0]}",
        )
    name = version()
    with tempfile.TemporaryDirectory(prefix="volvelle-build-") as place:
        folder = Path(place)
        entry = write(sources, folder)
        linked = ["-nostdlib", "-Wl,--gc-sections", f"-Wl,--entry={entry}", "-T", "layout.ld", "-o", "model.elf"]
        command = [COMMAND, "-mthumb", *_CORES[device.machine].split(), *FLAGS, *WARNINGS, *linked]
        command += [f"{sources.name}.c", "-lm", "-lc", "-lgcc"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
        return elf.read(folder / "model.elf", name)
