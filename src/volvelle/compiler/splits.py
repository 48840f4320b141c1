"""The numbers that trees compare with, in the smallest type that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import narrow


def split_table(splits: NDArray[np.float32], *, whole: bool = False) -> tuple[NDArray[Any], float]:
    """The splits as whole numbers of a power of two, where they are that, and this power; 0 where they are floats.

    Where cells are whole numbers too, the power is 1.

    >>> split_table(np.float32([0.5, -2.0]))
    (array([ 1, -4], dtype=int8), 0.5)
    >>> split_table(np.float32([300, -2.0]), whole=True)
    (array([300,  -2], dtype=int16), 1.0)
    """
    if whole and len(splits):
        return splits.astype(narrow(int(splits.min()), int(splits.max()))), 1.0
    known = [s for s in splits.tolist() if s]
    if len(splits) and np.isfinite(splits).all():
        unit = min((_lowest(s) for s in known), default=1.0)
        counts = splits.astype(np.float64) / unit
        for kind in (np.int8, np.int16):
            if 2.0**-100 < unit < 2.0**100 and abs(counts).max() <= np.iinfo(kind).max:
                return counts.astype(kind), unit
    return splits if len(splits) else np.zeros(1, np.float32), 0.0


def _lowest(value: float) -> float:
    """The value of the lowest bit that is set.

    >>> _lowest(6.5), _lowest(-12.0)
    (0.5, 4.0)
    """
    fraction, exponent = frexp(value)
    whole = int(abs(fraction) * 2**53)
    return float((whole & -whole) * 2.0 ** (exponent - 53))


def set_bytes(sets: Sequence[tuple[int, ...]]) -> int:
    """Bytes of a set of codes, as bits."""
    return max((max(s, default=0) for s in sets), default=0) // 8 + 1
