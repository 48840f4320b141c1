"""zig for WebAssembly: one module with the model's function, its memory and nothing from outside.

The stack lies below the constants, so that a program that leaves it ends instead of overwriting them.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from volvelle.compiler.image import FLAGS, WARNINGS, Image, write
from volvelle.compiler.records import Device
from volvelle.compiler.sources import Sources
from volvelle.compiler.toolchains import zig
from volvelle.errors import ContractBroken, InputError

BASE = 0x1_0000
"""Where constants begin; the stack grows down from there."""
_GLOBALS, _EXPORTS = 6, 7
"""Numbers of sections (WebAssembly Core Specification 1.0, 5.5)."""


def version() -> str:
    """The compiler and its version."""
    return zig.version()


def cold(target: str) -> bool:
    """Whether nothing was built here for a target yet."""
    return zig.cold(target)


def build(sources: Sources, device: Device) -> Image:
    """Compile and link a model as a module.

    Raises:
        InputError: the device is no WebAssembly.
        ContractBroken: the C that we wrote does not compile.
    """
    if device.machine != "wasm32":
        raise InputError(
            f"this makes WebAssembly, not programs for {device.core}",
            next_move=f"choose the toolchain {device.way[0]}",
        )
    with tempfile.TemporaryDirectory(prefix="volvelle-build-") as place:
        folder = Path(place)
        entry = write(sources, folder)
        linked = [
            "-nostdlib",
            "-Wl,--no-entry",
            "-Wl,--gc-sections",
            f"-Wl,--export={entry}",
            "-Wl,--export=__data_end",
        ]
        linked += [f"-Wl,--global-base={BASE}", f"-Wl,-z,stack-size={BASE}", "-s", "-o", "model.wasm"]
        command = [*zig.COMMAND, "cc", *device.target.split(), *FLAGS, "-fno-sanitize=all", *WARNINGS, *linked]
        done = subprocess.run([*command, f"{sources.name}.c"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
        zig.warmed(device.target)
        module = (folder / "model.wasm").read_bytes()
        return Image(0, ((0, module),), len(module), static(module), version())


def static(module: bytes) -> int:
    """Bytes of linear memory that constants and variables take: from `BASE` to the export ``__data_end``."""
    found = dict(_sections(module))
    exported = found[_EXPORTS]
    at = exported.index(b"__data_end") + len(b"__data_end") + 1
    index, _ = _number(exported, at)
    globals_ = found[_GLOBALS]
    count, at = _number(globals_, 0)
    values = []
    for _ in range(count):
        # Type, whether it may change, the operator i32.const, its number, the end.
        value, at = _number(globals_, at + 3)
        values.append(value)
        at += 1
    return values[index] - BASE


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = _number(module, at + 1)
        yield kind, module[at : at + size]
        at += size


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number in LEB128, and where the next thing begins."""
    value = shift = 0
    while True:
        value |= (content[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not content[at - 1] & 0x80:
            return value, at
