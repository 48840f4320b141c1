"""Rows times a constant matrix, plus a bias."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.ir import Graph, Node
from volvelle.compiler.offsets import Overlap
from volvelle.compiler.records import Goal

_FAR, _CHUNK = 255, 32
_PRODUCT, _SQUARE = "(float)w[k] * at", "vv_squaredf(at - (float)w[k])"
"""What is added for each weight and number: of a product, of a squared distance."""
_WIDEST: dict[Goal, int] = {"size": 5, "tight": 5, "speed": 10}
"""Answers that are made at once, at most: each takes twelve bytes of program."""


def dense(code: Code, x: str, out: str, weights: NDArray[Any], bias: NDArray[Any], held: str = "") -> None:
    """Write ``y = W x + b``, every number in the smallest type that holds it.

    Where the code is relaxed, products with a weight of 0 are left out if that takes less flash: a finite ``x`` gives
    the same.

    Args:
        code: to write into.
        x: the rows, ``[r, n]``.
        out: the answers, ``[r, m]``.
        weights: ``[m, n]``, one row per answer.
        bias: ``[m]``, or empty.
        held: the function that every answer goes through, if any.
    """
    rows, columns = weights.shape
    # Zeros of both signs add nothing to a sum that began with 0.
    table = code.compact(weights + weights.dtype.type(0))
    facts: dict[str, object] = {"real": code.kind(x), "kind": C_NAMES[table.dtype], "columns": columns}
    facts |= {"held": held, "chunk": _chunk(code.kind(x), columns)}
    whole = code.compact(np.asarray(bias, dtype=weights.dtype)) if bias.any() else None
    sparse = packed(table) if code.relaxed else None
    if sparse and sum(part.nbytes for part in sparse) < table.nbytes:
        values, gaps, counts = (code.table(part) for part in sparse)
        plus = f"+ ({code.kind(x)}){code.table(whole)}[j]" if whole is not None else ""
        named = [(0, code.special("sparse", **facts, rows=rows, bias=plus, weights=values, gaps=gaps, counts=counts))]
    else:
        named = list(_parts(code, facts, table, whole))
    count = code.tensor(x).size // columns
    loop, here, there = ("", "", "")
    if count > 1:
        loop, here, there = f"for (int r = 0; r < {count}; r++) ", f" + r * {columns}", f" + r * {rows}"
    for first, name in named:
        at = f" + {first}" if first else ""
        code.add(f"{loop}{name}({code.pointer(x)}{here}, {code.pointer(out)}{there}{at});")


def overlap(graph: Graph, node: Node) -> Overlap:
    """How the answers of a layer may lie over its rows: every answer reads a whole row, so only the last lies on it."""
    (*_, columns), (*_, rows) = (graph.tensors[n].shape for n in (node.inputs[0], node.outputs[0]))
    count = graph.tensors[node.outputs[0]].size // rows
    return Overlap(rows - 1 + max(0, (count - 1) * (rows - columns)))


def _parts(
    code: Code, facts: dict[str, object], table: NDArray[Any], bias: NDArray[Any] | None, term: str = _PRODUCT
) -> Iterator[tuple[int, str]]:
    """The answers in one or two parts: the first of each, and the function that makes it."""
    rows, columns = table.shape
    side = together(rows, _WIDEST[code.goal]) if facts["real"] == "float" else 1
    cuts = [0, rows // side * side, rows] if rows % side else [0, rows]
    for first, end in pairwise(cuts):
        part, wide = table[first:end], min(side, end - first)
        plus = (
            "" if bias is None else f"+ ({facts['real']}){code.table(bias[first:end])}[j{' + k' if wide > 1 else ''}]"
        )
        more = {**facts, "rows": end - first, "bias": plus}
        if wide == 1 and term == _PRODUCT and facts["chunk"] == columns:
            yield first, code.special("dense", **more, weights=code.table(part))
            continue
        lying = np.ascontiguousarray(part.reshape(-1, wide, columns).transpose(0, 2, 1))
        yield first, code.special("beside", **more, side=wide, term=term, weights=code.table(lying))


def _chunk(real: str, columns: int) -> int:
    """How many terms are added before their sum is: all of them, but of long sums in single precision."""
    return _CHUNK if real == "float" and columns > 4 * _CHUNK else columns


def together(rows: int, widest: int) -> int:
    """How many answers are made at once: a number that divides them evenly, if one is near the widest.

    >>> together(10, 5), together(32, 8), together(7, 8), together(11, 8), together(1, 8)
    (5, 8, 7, 8, 1)
    """
    even = [k for k in range(widest, widest // 2, -1) if rows % k == 0]
    return min(rows, widest) if rows <= widest or not even else even[0]


def distances(code: Code, x: str, out: str, points: NDArray[Any]) -> None:
    """Write squared distances of one row from points.

    Points of small whole numbers are compared in whole numbers where the row holds such, which is looked at each time;
    the answer is the same as long as a sum of squares has no more than 24 bits, and nearer to the truth beyond.

    Args:
        code: to write into.
        x: the row, ``[1, n]``.
        out: the answers, ``[1, m]``.
        points: ``[m, n]``.
    """
    rows, columns = points.shape
    table = code.compact(points + points.dtype.type(0))
    if table.dtype == np.uint8 and table.max() < 128:
        table = table.astype(np.int8)
    facts: dict[str, object] = {"real": code.kind(x), "kind": C_NAMES[table.dtype], "columns": columns}
    facts |= {"held": "", "chunk": _chunk(code.kind(x), columns)}
    ends = f"({code.pointer(x)}, {code.pointer(out)})"
    largest = int(abs(table.astype(np.int64)).max()) if table.dtype.kind in "iu" else 0
    # Sums of squared differences stay below 2^31, and the differences in 16 bits.
    most = min(isqrt((2**31 - 1) // columns), 2**15 - 1) - largest
    if table.dtype not in (np.int8, np.uint8) or columns > _FAR or most < largest:
        if facts["real"] == "float":
            for first, name in _parts(code, facts, table, None, _SQUARE):
                code.add(f"{name}({code.pointer(x)}, {code.pointer(out)}{f' + {first}' if first else ''});")
        else:
            code.add(f"{code.special('distances', **facts, rows=rows, points=code.table(table))}{ends};")
        return
    facts |= {"rows": rows, "points": code.table(table)}
    sign = "int8" if table.dtype == np.int8 else "uint8"
    how = {"even": f"vv_even_{sign}", "odd": f"vv_odd_{sign}", "most": most}
    whole, other = code.special("whole_distances", **facts, **how), code.special("distances", **facts)
    code.add(f"if (!{whole}{ends}) {other}{ends};")


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
