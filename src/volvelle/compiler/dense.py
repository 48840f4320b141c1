"""Rows times a constant matrix, plus a bias."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code


def dense(code: Code, x: str, out: str, weights: NDArray[Any], bias: NDArray[Any]) -> None:
    """Write ``y = W x + b``.

    Args:
        code: to write into.
        x: the rows, ``[r, n]``.
        out: the answers, ``[r, m]``.
        weights: ``[m, n]``, one row per answer.
        bias: ``[m]``, or empty.
    """
    rows, columns = weights.shape
    given = code.table(np.asarray(bias, dtype=weights.dtype)) if bias.size and bias.any() else "0"
    # A double that came from a float is kept as one: half the memory, the same number.
    single = weights.dtype == np.float64 and bool((weights.astype(np.float32) == weights).all())
    table = code.table(weights.astype(np.float32) if single else weights)
    name = f"dense_{code.suffix(x)}" + ("s" if single else "")
    count = code.tensor(x).size // columns
    loop, here, there = ("", "", "")
    if count > 1:
        loop, here, there = f"for (int r = 0; r < {count}; r++) ", f" + r * {columns}", f" + r * {rows}"
    y = code.pointer(out)
    code.add(f"{loop}vv_{name}({code.pointer(x)}{here}, {table}, {given}, {y}{there}, {columns}, {rows});")
