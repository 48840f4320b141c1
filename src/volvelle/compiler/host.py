"""The C on this machine: called row by row, and run with its golden vectors under sanitizers."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.image import FLAGS, WARNINGS, write
from volvelle.compiler.sources import Sources
from volvelle.errors import ContractBroken, MissingExtra

KINDS = {name: kind for kind, name in C_NAMES.items()}
ROWS = "vv_rows"
"""The function of a shared library that answers many rows."""


def compiler() -> list[str]:
    """The command of a C compiler for this machine: its own, or zig.

    Raises:
        MissingExtra: there is none.
    """
    own = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")
    if own:
        return [own]
    if shutil.which(sys.executable) and _has_zig():
        return [sys.executable, "-m", "ziglang", "cc"]
    raise MissingExtra("there is no C compiler on this machine", next_move="pip install 'volvelle[device]'")


def _has_zig() -> bool:
    done = subprocess.run([sys.executable, "-m", "ziglang", "version"], capture_output=True, check=False)
    return done.returncode == 0


class Host:
    """A model compiled as a shared library and loaded.

    Args:
        sources: its C.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._folder = tempfile.TemporaryDirectory(prefix="volvelle-host-")
        folder = Path(self._folder.name)
        entry = write(sources, folder)
        self._call = getattr(ctypes.CDLL(str(_linked(folder, f"{sources.name}.c"))), entry)
        self._call.restype = None

    def run(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Answers ``[n, size]`` to contiguous rows ``[n, size]`` of every input, all in the types of the C."""
        rows = len(inputs[0])
        made = [np.zeros((rows, size), dtype=KINDS[kind]) for _, kind, size in self._sources.outputs]
        arrays = [*inputs, *made]
        starts = [a.ctypes.data for a in arrays]
        steps = [a.strides[0] for a in arrays]
        for row in range(rows):
            self._call(*(ctypes.c_void_p(s + row * step) for s, step in zip(starts, steps, strict=True)))
        return made


def shared(sources: Sources) -> bytes:
    """A shared library for this machine whose `ROWS` answers many rows in one call.

    It takes the number of rows, then every input and every output ``[n, size]`` in the types of the C. One call runs at
    a time: the working memory is static.

    Raises:
        MissingExtra: there is no C compiler.
        ContractBroken: the C does not compile.
    """
    ends = [("const ", n, k, size) for n, k, size in sources.inputs] + [("", *end) for end in sources.outputs]
    takes = ", ".join(["int64_t vv_count", *(f"{fixed}{kind} *{name}" for fixed, name, kind, _ in ends)])
    hands = ", ".join(f"{name} + vv_row * {size}" for _, name, _, size in ends)
    loop = f"for (int64_t vv_row = 0; vv_row < vv_count; vv_row++) {sources.name}_run({hands});"
    with tempfile.TemporaryDirectory(prefix="volvelle-host-") as place:
        folder = Path(place)
        write(sources, folder)
        text = f'#include "{sources.name}.h"\n\nvoid {ROWS}({takes});\nvoid {ROWS}({takes}) {{\n    {loop}\n}}\n'
        (folder / "vv_rows.c").write_text(text, encoding="utf-8")
        return _linked(folder, f"{sources.name}.c", "vv_rows.c").read_bytes()


def _linked(folder: Path, *files: str) -> Path:
    """A shared library of C that lies in a folder."""
    plain = [f for f in FLAGS if f not in ("-ffreestanding", "-Os")]
    target = folder / "model.so"
    command = [*compiler(), *plain, "-O2", *WARNINGS, "-shared", "-fPIC", "-o", str(target), *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContractBroken(f"the generated C does not compile: {done.stderr[:2000]}")
    return target


def sanitized(sources: Sources, test: str) -> str | None:
    """Run the golden vectors under the address and undefined-behaviour sanitizers.

    Args:
        sources: the C.
        test: the program of golden vectors, as `golden` writes it.

    Returns:
        What it complained of, empty if nothing; None where this machine's compiler has no sanitizers.
    """
    with tempfile.TemporaryDirectory(prefix="volvelle-check-") as place:
        folder = Path(place)
        write(sources, folder)
        (folder / "check.c").write_text(test, encoding="utf-8")
        plain = [f for f in FLAGS if f not in ("-ffreestanding", "-Os")]
        checks = ["-O1", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"]
        command = [*compiler(), *plain, *checks, "-o", "check", f"{sources.name}.c", "check.c"]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if made.returncode:
            return None
        done = subprocess.run(["./check"], cwd=folder, capture_output=True, text=True, check=False)
        return (done.stderr or done.stdout or f"exit {done.returncode}") if done.returncode else ""
