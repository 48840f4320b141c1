"""Trees in C, in one of two layouts: a stream of bits that a loop walks, or nested if and else.

Both give the sums of `Forest.evaluate` to the bit. The choice is made by a model of their cost, before any compiler
runs.
"""

from __future__ import annotations

from math import frexp

import numpy as np

from volvelle.compiler import branches
from volvelle.compiler.code import Code
from volvelle.compiler.ctypes import literal
from volvelle.compiler.forest import LEAF, Forest
from volvelle.compiler.leaves import Values, leaves, whole_values
from volvelle.compiler.stream import Stream, bitmaps


def write(forest: Forest, x: str, out: str, code: Code) -> None:
    """Write the sums of a forest over a row of features, in the layout that suits the goal of the code."""
    stream = None if code.goal == "speed" else Stream(forest, whole_values(forest))
    if stream and stream_flash(stream, forest.targets) <= branches_flash(forest, whole_values(forest)):
        as_stream(forest, x, out, code, stream)
    else:
        as_branches(forest, x, out, code)


def as_branches(forest: Forest, x: str, out: str, code: Code) -> None:
    """The sums of a forest by nested if and else."""
    values = whole_values(forest)
    _summed(forest, values, x, out, code, branches.write(forest, values, _kind(values), code))


def as_stream(forest: Forest, x: str, out: str, code: Code, stream: Stream | None = None) -> None:
    """The sums of a forest by a loop over a stream of bits, which is made if it is not given."""
    values = whole_values(forest)
    _summed(forest, values, x, out, code, [_walk(forest, values, stream or Stream(forest, values), code)])


def _kind(values: Values) -> str:
    return "int32_t" if values.unit else "float"


def _summed(forest: Forest, values: Values, x: str, out: str, code: Code, names: list[str]) -> None:
    """Start the sums, call what adds to them, and scale them."""
    sums = code.fresh("sums") if values.unit else code.pointer(out)
    if values.unit:
        code.add(f"int32_t {sums}[{forest.targets}] = {{0}};")
    else:
        code.add(*(f"{code.element(out, str(k))} = {literal(s)};" for k, s in enumerate(forest.start)))
    code.add(*(f"{name}({code.pointer(x)}, {sums});" for name in names))
    if values.unit:
        unit = literal(np.float32(values.unit))
        for k, start in enumerate(forest.start):
            plus = f" + {literal(start)}" if start else ""
            code.add(f"{code.element(out, str(k))} = (float){sums}[{k}] * {unit}{plus};")


STREAM_CODE, SUM_CODE, SET_CODE, LIST_CODE = 170, 20, 100, 120
NODE_CODE, SAME_CODE, TERM_CODE = 14, 3, 12
"""Bytes on a Cortex-M4F: of the loop that walks, of a sum, of what sets and lists need; of a question between branches,
of a leaf that adds what most do, of another term. Measured with clang 21 on forests of digits and made-up ones."""


def stream_flash(stream: Stream, targets: int) -> int:
    """Bytes of flash that a stream takes, foretold: within 64 bytes and 3 %."""
    table, _ = split_table(stream)
    more = SUM_CODE * targets + SET_CODE * bool(stream.sets) + LIST_CODE * stream.lists
    return stream.data.nbytes + table.nbytes + set_bytes(stream) * len(stream.sets) + STREAM_CODE + more


def branches_flash(forest: Forest, values: Values) -> int:
    """Bytes of flash that nested branches take, foretold: within a third, for a compiler shares their ends."""
    terms = [v for root in forest.roots for n in leaves(forest, root) for _, v in values.of[n]]
    same = max(map(terms.count, set(terms)), default=0) if len(set(terms)) < 16 else 0
    code = NODE_CODE * int((forest.feature != LEAF).sum()) + SAME_CODE * same + TERM_CODE * (len(terms) - same)
    return code + SUM_CODE * forest.targets


def set_bytes(stream: Stream) -> int:
    """Bytes of a set of codes."""
    return max((max(s, default=0) for s in stream.sets), default=0) // 8 + 1


def split_table(stream: Stream) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32 | np.int16 | np.int8]], float]:
    """The splits as whole numbers of a power of two, where they are that, and this power; 0 where they are floats."""
    splits = stream.splits
    known = [s for s in splits.tolist() if s]
    if len(splits) and np.isfinite(splits).all():
        unit = min((_lowest(s) for s in known), default=1.0)
        whole = splits.astype(np.float64) / unit
        for kind in (np.int8, np.int16):
            if 2.0**-100 < unit < 2.0**100 and abs(whole).max() <= np.iinfo(kind).max:
                return whole.astype(kind), unit
    return splits if len(splits) else np.zeros(1, np.float32), 0.0


def _lowest(value: float) -> float:
    """The value of the lowest bit that is set.

    >>> _lowest(6.5), _lowest(-12.0)
    (0.5, 4.0)
    """
    fraction, exponent = frexp(value)
    whole = int(abs(fraction) * 2**53)
    return float((whole & -whole) * 2.0 ** (exponent - 53))


def _walk(forest: Forest, values: Values, stream: Stream, code: Code) -> str:
    table, unit = split_table(stream)
    data, splits = code.table(stream.data), code.table(table)
    split = f"(float){splits}[asked] * {literal(np.float32(unit))}" if unit else f"{splits}[asked]"
    answer = f"vv_at_most(cell, {split})"
    if stream.sets:
        size = set_bytes(stream)
        sets = code.table(bitmaps(stream.sets, size))
        row = f"{sets} + (asked - {len(stream.splits)}) * {size}"
        answer = f"asked >= {len(stream.splits)} ? vv_member(cell, {row}, {size}) : {answer}"
    head = 2 + stream.tracks + stream.feature
    once = stream.word <= 25
    feature = f"bits >> {2 + stream.tracks}"
    wide = stream.direct
    value = f"vv_wide_bits({data}, at, {wide})"
    if stream.table:
        value = f"vv_wide_bits({data}, {stream.table_at} + vv_bits({data}, at, {stream.value}) * {wide}, {wide})"
    shares = stream.rest is not None
    single = stream.target + (0 if shares else stream.value) + int(stream.lists)
    return code.special(
        "forest",
        sum=_kind(values),
        data=data,
        trees=len(forest.roots),
        begin=stream.begin,
        head=stream.word if once else head,
        word=stream.word,
        tracks=stream.tracks,
        feature=f"{feature} & {2**stream.feature - 1}u" if once else feature,
        asked=f"bits >> {head}" if once else f"vv_bits({data}, at + {head}, {stream.asked})",
        answer=answer,
        skip=stream.skip,
        lists=int(stream.lists),
        reference=stream.reference,
        leaf=single,
        rest=stream.rest or 0,
        shares=int(shares),
        turns=int(stream.turns),
        targets=forest.targets,
        target=stream.target,
        value=value if wide else "0",
        width=stream.value,
        real="" if values.unit else "vv_real",
    )
