"""One row at a time, the request that is asked most: read and answered over arrays that stay where they are.

What is unusual about a row is no matter here: it is left to the way that many rows go, which also says what is wrong.
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.model.runtime import Fixed

_FORMATS = {"f4": "f", "f8": "d", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "u2": "H", "u1": "B"}


class Tensor(NamedTuple):
    """Cells of a row that travel in one matrix of whole numbers."""

    name: str
    coded: Callable[[Sequence[Any], int], list[int]]
    """The numbers of a row, by its position from 1; raises where a cell does not fit."""


class Single:
    """Answers one row.

    Args:
        fixed: arrays of one row, and what answers them.
        width: how many cells are numbers; they stand first in a row.
        bounds: declared limits of a number, by its position.
        tensors: the other cells.
        answers: outputs that are told, the scores last.
    """

    def __init__(
        self,
        fixed: Fixed,
        width: int,
        bounds: Sequence[tuple[int, float, float]],
        tensors: Sequence[Tensor],
        answers: Sequence[str],
    ) -> None:
        self._run, self._width, self._bounds = fixed.run, width, bounds
        self._numbers = _packer(fixed.inputs.get("numbers", np.empty((1, width), np.float32))) if width else _nowhere
        # A tensor that the model does not take is read too, for what it refuses.
        self._tensors = [
            (t.coded, _packer(fixed.inputs[t.name]) if t.name in fixed.inputs else _nowhere) for t in tensors
        ]
        first, last = fixed.outputs[answers[0]], fixed.outputs[answers[-1]]
        self._first, self._last, self._content = _unpacker(first), _unpacker(last), last.data.cast("B")
        self._turn = threading.Lock()

    def answer(self, row: Sequence[Any]) -> tuple[Any, tuple[Any, ...], bytes] | None:
        """The first answer, the numbers of the last one and their bytes; None where the row or its answer is unusual.

        Raises:
            Refusal: a cell does not fit.
        """
        numbers = row if len(row) == self._width else row[: self._width]
        # Somebody else's large body, in a thread: who comes second takes the other way.
        if not self._turn.acquire(blocking=False):
            return None
        try:
            self._numbers(*numbers)
            if not math.isfinite(sum(numbers)):
                return None
            for at, low, high in self._bounds:
                if not low <= numbers[at] <= high:
                    return None
            for coded, pack in self._tensors:
                pack(*coded(row, 1))
            self._run()
            first, last, content = self._first()[0], self._last(), bytes(self._content)
        except (struct.error, OverflowError, TypeError):
            return None
        finally:
            self._turn.release()
        return (first, last, content) if math.isfinite(sum(last)) else None


def _nowhere(*_: float) -> None:
    pass


def _packer(array: NDArray[Any]) -> Callable[..., None]:
    """What writes the one row of an array, number by number; it refuses what is no number of its type."""
    return partial(_form(array).pack_into, array.data.cast("B"), 0)


def _unpacker(array: NDArray[Any]) -> Callable[[], tuple[Any, ...]]:
    """What reads the one row of an array, as numbers."""
    return partial(_form(array).unpack_from, array.data.cast("B"))


def _form(array: NDArray[Any]) -> struct.Struct:
    return struct.Struct(f"={array.size}{_FORMATS[array.dtype.str[1:]]}")
