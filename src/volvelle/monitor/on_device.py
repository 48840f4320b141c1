"""The counters of a sketch in C, to be compiled beside a model: edges in flash, 16-bit counters, no heap, no division.

``<name>_sketch_count`` takes what the model's function takes and gives, ``<name>_sketch_read`` writes what
`volvelle.monitor.wire` reads and begins the next window. The counts are those of `volvelle.monitor.sketch.sketch` over
the same rows, but for two things: runs of one value are not kept, and a window counts its first 65,535 rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.ctypes import literal
from volvelle.compiler.sources import Sources
from volvelle.errors import ModelError
from volvelle.model.signature import TENSORS, Feature
from volvelle.monitor.edges import shift, steps
from volvelle.monitor.records import BINS, Binned, Edges, digest

MAGIC, VERSION = b"VS", 1
_KERNEL = Path(__file__).parent / "kernels" / "sketch.c"
_REST = 2
"""Counters beside those of the bins: missing, and outside of the range of training."""


def written(sources: Sources, edges: Edges, *, whole: bool = False) -> dict[str, str]:
    """File name to text of the C that counts the rows of one model.

    Args:
        sources: the C of the model.
        edges: of its sketch.
        whole: whether it takes the numbers as int8; then their edges are `volvelle.monitor.edges.steps`.

    Raises:
        ModelError: it takes texts, whose lengths a device does not see, or int8 with other edges.
    """
    numbers, codes, times = (_of(edges, tensor) for tensor in ("numbers", "codes", "times"))
    whole = whole and bool(numbers)
    _check(edges, numbers, whole)
    name = f"{sources.name}_sketch"
    text = _KERNEL.read_text(encoding="utf-8")
    kinds = ["int8_t" if whole and not place else kind for place, (_, kind, _) in enumerate(sources.inputs)]
    kinds += [kind for _, kind, _ in sources.outputs]
    ends = [f"const {k} *{c}" for k, (c, _, _) in zip(kinds, (*sources.inputs, *sources.outputs), strict=True)]
    facts: dict[str, object] = {
        "VV_NAME(what)": f"{name}_##what",
        "VV_ARGUMENTS": ", ".join(ends),
        "VV_ROW": sources.inputs[0][0],
        "VV_ANSWER": sources.outputs[-1][0],
        "VV_INT8": int(whole),
        "VV_NUMBERS": len(numbers),
        "VV_CODES": len(codes),
        "VV_TIMES": len(times),
        "VV_SCORES": len(edges.scores),
        "VV_CLASSES": len(edges.classes),
        "VV_COUNTERS": sum(seats(edges)),
    }
    lines = [f'#include "{name}.h"', ""]
    lines += [f"#define {key} {value}" for key, value in facts.items()]
    lines += ["", *_tables(edges, numbers, codes, times, whole), "", text]
    return {f"{name}.h": _header(sources, edges, ", ".join(ends)), f"{name}.c": "\n".join(lines)}


def seats(edges: Edges) -> list[int]:
    """How many counters each thing has, in their order: numbers, codes, times, then scores, then scores by label."""
    found = [BINS + _REST for _ in _of(edges, "numbers")]
    found += [b.width + _REST for b in _of(edges, "codes")]
    found += [_REST for _ in _of(edges, "times")]
    return found + [BINS] * (len(edges.scores) + len(edges.classes))


def order(edges: Edges) -> list[Binned]:
    """The features in the order of their counters."""
    return [b for tensor in ("numbers", "codes", "times") for b in _of(edges, tensor)]


def head(edges: Edges) -> bytes:
    """How every record of a model's device begins: what it is, of which model, by which edges."""
    model = bytes.fromhex(edges.model[:16].ljust(16, "0"))
    return MAGIC + bytes([VERSION]) + model + bytes.fromhex(digest(edges)[:16])


def _of(edges: Edges, tensor: str) -> list[Binned]:
    return [b for b in edges.features if TENSORS[b.feature.kind] == tensor]


def _check(edges: Edges, numbers: list[Binned], whole: bool) -> None:
    texts = [b.feature.name for b in edges.features if b.feature.kind == "text"]
    if texts:
        raise ModelError(
            f"a device sees the words of {texts[0]!r}, not the text, and cannot count its length",
            next_move="leave [monitor] on_device out; the server counts texts",
        )
    odd = [b.feature.name for b in numbers if whole and b.cuts != steps(*_range(b.feature))]
    if odd:
        raise ModelError(
            f"the int8 input {odd[0]!r} has other edges than those that a shift tells",
            next_move="make the edges with whole=True",
        )


def _tables(edges: Edges, numbers: list[Binned], codes: list[Binned], times: list[Binned], whole: bool) -> list[str]:
    lines = [f"static const uint8_t vv_head[19] = {{{', '.join(map(str, head(edges)))}}};"]
    if numbers and not whole:
        lines.append(_matrix("int32_t", "vv_cuts", [_padded(b.cuts) for b in numbers]))
    if numbers and not whole:
        lines.append(_matrix("int32_t", "vv_limits", [_limits(b.feature) for b in numbers]))
    if numbers and whole:
        lines.append(_matrix("uint8_t", "vv_steps", [_steps(b.feature) for b in numbers]))
    if codes:
        places = [p for b in codes for p in _places(b)]
        lines.append(_row("uint8_t", "vv_places", np.array(places, dtype=np.uint8)))
        lines.append(_row("int16_t", "vv_categories", np.array([len(b.feature.categories) for b in codes], np.int16)))
        lines.append(_row("uint8_t", "vv_own", np.array([len(b.own) for b in codes], dtype=np.uint8)))
    if times:
        earliest = [-(2**63) + 1 if b.feature.low is None else int(np.ceil(b.feature.low)) for b in times]
        lines.append(_row("int64_t", "vv_earliest", np.array(earliest, dtype=np.int64)))
    if edges.scores:
        lines.append(_matrix("int32_t", "vv_score_cuts", [_padded(cuts) for cuts in edges.scores]))
    return lines


def keys(numbers: NDArray[np.float32]) -> NDArray[np.int32]:
    """Whole numbers in the order of float32 ones, so that a core without floating point compares them quickly.

    The bits of a float rise with it, but for negative ones, whose order is turned around; -0 is the neighbour of 0.

    >>> keys(np.array([-1.0, -0.0, 0.0, 1.0], np.float32)).tolist()
    [-1065353217, -1, 0, 1065353216]
    """
    bits = np.ascontiguousarray(numbers, dtype=np.float32).view(np.int32)
    return np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits)


def _padded(cuts: tuple[float, ...]) -> NDArray[np.int32]:
    """Both zeros reach a cut at zero."""
    return keys(np.array([-0.0 if c == 0 else c for c in (*cuts, *[np.inf] * (BINS - 1 - len(cuts)))], np.float32))


def _limits(feature: Feature) -> NDArray[np.int32]:
    """The lowest and the highest key that is not out of range; neither zero lies beyond the other."""
    low = -np.inf if feature.low is None else -0.0 if feature.low == 0 else feature.low
    high = np.inf if feature.high is None else abs(feature.high) if feature.high == 0 else feature.high
    return keys(np.array([low, high], dtype=np.float32))


def _range(feature: Feature) -> tuple[int, int]:
    return int(feature.low or 0), int(feature.high or 0)


def _steps(feature: Feature) -> NDArray[Any]:
    """The lowest value, how many lie above it, and by how many bits a distance is shifted."""
    low, high = _range(feature)
    return np.array([low, high - low, shift(low, high)]).astype(np.uint8)


def _places(binned: Binned) -> list[int]:
    """The counter of each category."""
    found = [len(binned.own)] * len(binned.feature.categories)
    for place, category in enumerate(binned.own):
        found[category] = place
    return found


def _matrix(kind: str, name: str, rows: Sequence[NDArray[Any]]) -> str:
    lines = [f"    {{{', '.join(map(literal, row))}}}," for row in rows]
    return "\n".join([f"static const {kind} {name}[{len(rows)}][{len(rows[0])}] = {{", *lines, "};"])


def _row(kind: str, name: str, cells: NDArray[Any]) -> str:
    # A feature of no category still needs a table.
    shown = ", ".join(map(literal, cells)) or "0"
    return f"static const {kind} {name}[{max(1, len(cells))}] = {{{shown}}};"


def most(edges: Edges) -> int:
    """Bytes of the longest record."""
    return len(head(edges)) + 8 + 3 * 5 + 3 * sum(seats(edges)) + 4


def _header(sources: Sources, edges: Edges, arguments: str) -> str:
    name = f"{sources.name}_sketch"
    guard = f"{name.upper()}_H"
    return "\n".join(
        [
            f"/* Counts what {sources.name} is asked and answers, so that drift is seen and no row leaves the device.",
            f"   Memory: {2 * sum(seats(edges)) + 20} bytes, static. */",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            f'#include "{sources.name}.h"',
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            f"#define {name.upper()}_BYTES {most(edges)} /* of a record, at most */",
            "",
            "/* Once after a start: 8 bytes that stand for this device and do not tell whose it is, and how often it",
            "   has started. */",
            f"void {name}_begin(const uint8_t device[8], uint32_t boot);",
            f"/* After every {sources.name}_run, with what it took and gave. */",
            f"void {name}_count({arguments});",
            "/* Write the record of this window and begin the next one; gives its bytes. */",
            f"uint32_t {name}_read(uint8_t *to);",
            "",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "#endif",
            "",
        ]
    )
