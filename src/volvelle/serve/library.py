"""A model as a shared library of compiled C, in the place of a runtime.

Who builds the library and compares its answers stands above this room; here it is loaded and called. The C has static
working memory, so that one call runs at a time: a lock lets threads take turns, many times within a large batch.
"""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.errors import InputError
from volvelle.model.runtime import Fixed
from volvelle.spec.requirements import Record

_TURN = 64
"""Rows that are answered in one turn; whoever asks for a single one waits no longer than that."""


class End(Record, frozen=True):
    """An array that goes in or comes out."""

    name: str
    """As in the ONNX file."""
    kind: str
    """Of NumPy, in the C."""
    size: int
    """Elements of a row."""


class Library(Record, frozen=True):
    """A library that was built for this machine."""

    path: str
    digest: str
    """SHA-256 of the file."""
    entry: str
    """A function that takes the number of rows and then every end."""
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]


class Compiled:
    """Answers as `volvelle.model.runtime.Runtime` does.

    Args:
        library: what is loaded.

    Raises:
        InputError: it cannot be loaded, or was changed.
    """

    def __init__(self, library: Library) -> None:
        path = Path(library.path)
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() != library.digest:
                raise InputError("the compiled model was changed since it was built", where=library.path)
            self._call = ctypes.CDLL(library.path)[library.entry]
        except (OSError, AttributeError) as error:
            raise InputError(f"the compiled model cannot be loaded: {error}", where=library.path) from error
        self._call.restype = None
        ends = [*library.inputs, *library.outputs]
        self._call.argtypes = [ctypes.c_int64, *(ctypes.c_void_p for _ in ends)]
        self._inputs = [(end.name, np.dtype(end.kind), end.size) for end in library.inputs]
        self._outputs = [(end.name, np.dtype(end.kind), end.size) for end in library.outputs]
        self._turn = threading.Lock()

    def run(self, inputs: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
        """Map each output name to its array ``[n, size]``, ``[n]`` where a size is 1 and the kind is whole."""
        given = [np.ascontiguousarray(inputs[name], dtype=kind) for name, kind, _ in self._inputs]
        made = self.rows(given)
        return {
            name: array[:, 0] if size == 1 and kind.kind == "i" else array
            for (name, kind, size), array in zip(self._outputs, made, strict=True)
        }

    def fixed(self, row: Mapping[str, NDArray[np.generic]]) -> Fixed:
        """What answers one row at a time over fixed arrays, made from a row that the model takes."""
        inputs = {name: np.array(row[name], dtype=kind, order="C") for name, kind, _ in self._inputs}
        outputs: dict[str, NDArray[Any]] = {
            name: np.zeros((1, size) if kind.kind == "f" else size, dtype=kind) for name, kind, size in self._outputs
        }
        call, turn = self._call, self._turn
        places = [ctypes.c_void_p(array.ctypes.data) for array in (*inputs.values(), *outputs.values())]
        one = ctypes.c_int64(1)

        def run() -> None:
            with turn:
                call(one, *places)

        return Fixed(inputs, outputs, run)

    def rows(self, given: list[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Answers ``[n, size]`` to contiguous rows ``[n, size]`` of every input, all in the types of the C."""
        count = max(map(len, given), default=0)
        made: list[NDArray[np.generic]] = [np.empty((count, size), dtype=kind) for _, kind, size in self._outputs]
        starts = [(array.ctypes.data, array.strides[0]) for array in (*given, *made)]
        for at in range(0, count, _TURN):
            with self._turn:
                self._call(min(_TURN, count - at), *(start + at * step for start, step in starts))
        return made
