"""A device that runs the C of a release, on this machine."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from volvelle.compiler.host import compiler


class Board:
    """A device that runs the C of a release: its own copy of the library, so that its memory is its own.

    Args:
        folder: with the C.
        place: for the library.
        pseudonym: 8 bytes.
    """

    def __init__(self, folder: Path, place: Path, pseudonym: bytes) -> None:
        library = place / f"{pseudonym.hex()}.so"
        files = [str(folder / f) for f in ("pump.c", "pump_sketch.c")]
        subprocess.run([*compiler(), "-shared", "-fPIC", "-O2", "-o", str(library), *files], check=True)
        self._library = ctypes.CDLL(str(library))
        self._library.pump_sketch_begin(pseudonym, 1)

    def answer(self, numbers: Any, codes: Any) -> None:
        """One row: predicted and counted."""
        label, scores = (ctypes.c_int64 * 1)(), (ctypes.c_float * 2)()
        given = numbers.ctypes.data_as(ctypes.c_void_p), codes.ctypes.data_as(ctypes.c_void_p)
        self._library.pump_run(*given, label, scores)
        self._library.pump_sketch_count(*given, label, scores)

    def read_whole(self, numbers: Any) -> None:
        """One row of whole numbers: predicted as float, counted as int8."""
        answer = (ctypes.c_float * 1)()
        real, whole = numbers.astype(np.float32), numbers.astype(np.int8)
        self._library.pump_run(real.ctypes.data_as(ctypes.c_void_p), answer)
        self._library.pump_sketch_count(whole.ctypes.data_as(ctypes.c_void_p), answer)

    def record(self) -> bytes:
        """What it would send."""
        to = (ctypes.c_uint8 * 4096)()
        return bytes(to[: self._library.pump_sketch_read(to)])


def kinds(folder: Path) -> list[Any]:
    """The types of the two arrays that the model takes, from its header."""
    text = (folder / "device" / "pump.h").read_text()
    line = next(line for line in text.splitlines() if line.startswith("void pump_run("))
    known = {"float": "f4", "int64_t": "i8", "int32_t": "i4", "int8_t": "i1"}
    return [np.dtype(known[word]) for word in line.replace("(", " ").split() if word in known][:2]
