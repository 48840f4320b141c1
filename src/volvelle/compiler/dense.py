"""Rows times a constant matrix, plus a bias."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import C_NAMES

_FAR = 255


def dense(code: Code, x: str, out: str, weights: NDArray[Any], bias: NDArray[Any]) -> None:
    """Write ``y = W x + b``, every number in the smallest type that holds it.

    Where the code is relaxed, products with a weight of 0 are left out if that takes less flash: a finite ``x`` gives
    the same.

    Args:
        code: to write into.
        x: the rows, ``[r, n]``.
        out: the answers, ``[r, m]``.
        weights: ``[m, n]``, one row per answer.
        bias: ``[m]``, or empty.
    """
    rows, columns = weights.shape
    # Zeros of both signs add nothing to a sum that began with 0.
    table = code.compact(weights + weights.dtype.type(0))
    facts: dict[str, object] = {"real": code.kind(x), "kind": C_NAMES[table.dtype], "rows": rows, "columns": columns}
    facts["bias"] = ""
    if bias.size and bias.any():
        whole = code.compact(np.asarray(bias, dtype=weights.dtype))
        facts["bias"] = f"+ ({code.kind(x)}){code.table(whole)}[j]"
    sparse = packed(table) if code.relaxed else None
    if sparse and sum(part.nbytes for part in sparse) < table.nbytes:
        values, gaps, counts = (code.table(part) for part in sparse)
        name = code.special("sparse", **facts, weights=values, gaps=gaps, counts=counts)
    else:
        name = code.special("dense", **facts, weights=code.table(table))
    count = code.tensor(x).size // columns
    loop, here, there = ("", "", "")
    if count > 1:
        loop, here, there = f"for (int r = 0; r < {count}; r++) ", f" + r * {columns}", f" + r * {rows}"
    code.add(f"{loop}{name}({code.pointer(x)}{here}, {code.pointer(out)}{there});")


def packed(weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint8], NDArray[np.uint16]]:
    """The weights that are not 0, the columns from one to the next, and how many each row has.

    Where the next lies too far, a weight of 0 stands in between.

    >>> w, gaps, counts = packed(np.array([[0, 5, 0, 7], [0, 0, 0, 0]]))
    >>> w.tolist(), gaps.tolist(), counts.tolist()
    ([5, 7], [1, 2], [2, 0])
    """
    values: list[Any] = []
    gaps: list[int] = []
    counts: list[int] = []
    for row in weights:
        before, first = 0, len(values)
        for column in np.flatnonzero(row).tolist():
            while column - before > _FAR:
                values.append(0)
                gaps.append(_FAR)
                before += _FAR
            values.append(row[column])
            gaps.append(column - before)
            before = column
        counts.append(len(values) - first)
    # A table has one element at least.
    return (
        np.array(values or [0], dtype=weights.dtype),
        np.array(gaps or [0], dtype=np.uint8),
        np.array(counts, dtype=np.uint16),
    )
