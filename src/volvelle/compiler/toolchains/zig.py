"""zig, from the `device` extra: clang for every core, with the arithmetic that a core lacks.

Nothing of a standard library is linked but what the compiler itself calls (soft floating point, long division), so that
the bytes of the program are those of the model and of that arithmetic.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import ziglang

from volvelle.compiler import elf
from volvelle.compiler.image import FLAGS, WARNINGS, Image, write
from volvelle.compiler.records import Device
from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, InputError

COMMAND = [sys.executable, "-m", ziglang.__name__]


def version() -> str:
    """The compiler and its version."""
    done = subprocess.run([*COMMAND, "version"], capture_output=True, text=True, check=True)
    return f"zig {done.stdout.strip()}"


def cold(target: str) -> bool:
    """Whether nothing was built here for a target by this zig since its cache was emptied: the first time takes longer.

    What was built is noted in the cache itself, which goes with it.
    """
    return not _note(target).exists()


def warmed(target: str) -> None:
    """Note that something was built for a target."""
    with contextlib.suppress(OSError):
        _note(target).parent.mkdir(parents=True, exist_ok=True)
        _note(target).touch()


def _note(target: str) -> Path:
    version, cache = _facts()
    return Path(cache) / "volvelle" / hashlib.sha256(f"{version} {target}".encode()).hexdigest()[:16]


@lru_cache
def _facts() -> tuple[str, str]:
    """The version, and where the cache lies."""
    told = subprocess.run([*COMMAND, "env"], capture_output=True, text=True, check=False).stdout
    found = dict(re.findall(r'\.(version|global_cache_dir) = "((?:[^"\\]|\\.)*)"', told))
    return found.get("version", ""), found.get("global_cache_dir", tempfile.gettempdir()).replace("\\\\", "\\")


def build(sources: Sources, device: Device) -> Image:
    """Compile and link a model for a core.

    Raises:
        InputError: the device takes another toolchain.
        ContractBroken: the C that we wrote does not compile.
    """
    if device.machine == "wasm32":
        raise InputError("a WebAssembly module is linked in its own way", next_move="choose the toolchain zig_wasm")
    with tempfile.TemporaryDirectory(prefix="volvelle-build-") as place:
        folder = Path(place)
        entry = write(sources, folder)
        linked = ["-Wl,--gc-sections", f"-Wl,--entry={entry}", "-T", "layout.ld", "-o", "model.elf"]
        # The checks that zig puts in by itself are the sanitizers' business, on the host.
        command = [*COMMAND, "cc", *device.target.split(), *FLAGS, "-gdwarf-4", "-fno-sanitize=all", *WARNINGS, *linked]
        done = subprocess.run([*command, f"{sources.name}.c"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
        warmed(device.target)
        return elf.read(folder / "model.elf", version())


def shared(sources: Sources, more: str, target: str, flags: tuple[str, ...] = ()) -> bytes:
    """A model as a library that other languages load, without symbols: a shared object, or a WebAssembly module.

    Args:
        sources: the C of the model.
        more: C beside it, with the functions that are exported.
        target: as zig names it, such as ``x86_64-linux-gnu.2.17``.
        flags: for the linker.

    Raises:
        ContractBroken: the C that we wrote does not compile.
    """
    with tempfile.TemporaryDirectory(prefix="volvelle-build-") as place:
        folder = Path(place)
        write(sources, folder)
        (folder / "more.c").write_text(more, encoding="utf-8")
        quick = ["-std=c11", "-O2", "-fvisibility=hidden", "-ffp-contract=off", "-fno-math-errno", "-fno-sanitize=all"]
        command = [*COMMAND, "cc", "-target", target, *quick, *WARNINGS, "-s", *flags, "-o", "library"]
        names = [f"{sources.name}.c", "more.c"]
        done = subprocess.run([*command, *names], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
        warmed(target)
        return (folder / "library").read_bytes()
