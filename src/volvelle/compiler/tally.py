"""What an emulated core has run, counted in C: a hook in Python takes far longer than the core itself."""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from volvelle.compiler import emulators
from volvelle.compiler.host import compiler
from volvelle.errors import ContractBroken

_SOURCE = Path(emulators.__file__).parent / "tally.c"
_WORD = ctypes.c_uint64


class _Told(ctypes.Structure):
    """As in the C."""

    _fields_ = (
        ("times", ctypes.c_void_p),
        ("sizes", ctypes.c_void_p),
        *((name, _WORD) for name in ("base", "cells", "bytes", "most")),
        ("stop", ctypes.c_void_p),
    )


class Tally:
    """Counters for every address of a program.

    Args:
        base: the lowest address.
        cells: how many addresses there are.
        most: after so many bytes of instructions the emulator is stopped.
        stop: address of the function that stops it.

    Attributes:
        times: how often the block that begins at each address was entered, ``[cells]``.
        sizes: its bytes, ``[cells]``.
        function, user: what the emulator is to call, and with what.
    """

    def __init__(self, base: int, cells: int, most: int, stop: ctypes.c_void_p) -> None:
        self.times = np.zeros(cells, dtype=np.uint32)
        self.sizes = np.zeros(cells, dtype=np.uint32)
        self._told = _Told(self.times.ctypes.data, self.sizes.ctypes.data, base, cells, 0, most, stop)
        self._library = _library()
        self.function = ctypes.cast(self._library.tally, ctypes.c_void_p)
        self.user = ctypes.cast(ctypes.pointer(self._told), ctypes.c_void_p)

    def clear(self) -> None:
        """Begin again."""
        self.times[:] = 0
        self._told.bytes = 0

    @property
    def stopped(self) -> bool:
        """Whether the program ran for too long."""
        return bool(self._told.bytes > self._told.most)


@functools.cache
def _library() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory(prefix="volvelle-tally-") as place:
        target = Path(place) / "tally.so"
        command = [*compiler(), "-std=c11", "-O2", "-fno-sanitize=all", "-shared", "-fPIC", "-o", str(target)]
        done = subprocess.run([*command, str(_SOURCE)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContractBroken(f"{_SOURCE.name} does not compile: {done.stderr[:2000]}")
        return ctypes.CDLL(str(target))
