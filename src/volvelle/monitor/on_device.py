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
from volvelle.monitor.records import BINS, Binned, Edges, digest

MAGIC, VERSION = b"VS", 1
INT8_CUTS = tuple(float(cut) for cut in range(-112, 128, 16))
"""Where the counters of an int8 input begin: the upper four bits are the counter."""
_KERNEL = Path(__file__).parent / "kernels" / "sketch.c"
_REST = 2
"""Counters beside those of the bins: missing, and outside of the range of training."""


def written(sources: Sources, edges: Edges) -> dict[str, str]:
    """File name to text of the C that counts the rows of one model.

    Args:
        sources: the C of the model.
        edges: of its sketch.

    Raises:
        ModelError: it takes texts, whose lengths a device does not see, or int8 with other cuts than `INT8_CUTS`.
    """
    numbers, codes, times = (_of(edges, tensor) for tensor in ("numbers", "codes", "times"))
    whole = bool(numbers) and sources.inputs[0][1] == "int8_t"
    _check(edges, numbers, whole)
    name = f"{sources.name}_sketch"
    text = _KERNEL.read_text(encoding="utf-8")
    ends = [*(f"const {kind} *{c}" for c, kind, _ in (*sources.inputs, *sources.outputs))]
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
    lines = [f'#include "{name}.h"', "", "#include <float.h>", ""]
    lines += ["#define VV_INF ((float)(1e30f * 1e30f))", "#define VV_NAN (VV_INF - VV_INF)"]
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
    odd = [b.feature.name for b in numbers if whole and b.cuts != INT8_CUTS]
    if odd:
        raise ModelError(
            f"the int8 input {odd[0]!r} has other edges than those that its upper four bits tell",
            next_move="take the edges of volvelle.monitor.on_device.INT8_CUTS",
        )


def _tables(edges: Edges, numbers: list[Binned], codes: list[Binned], times: list[Binned], whole: bool) -> list[str]:
    lines = [f"static const uint8_t vv_head[19] = {{{', '.join(map(str, head(edges)))}}};"]
    if numbers and not whole:
        lines.append(_matrix("float", "vv_cuts", [_padded(b.cuts) for b in numbers]))
    if numbers:
        limits = [_limits(b.feature, whole) for b in numbers]
        lines.append(_matrix("uint8_t" if whole else "float", "vv_limits", limits))
    if codes:
        places = [p for b in codes for p in _places(b)]
        lines.append(_row("uint8_t", "vv_places", np.array(places, dtype=np.uint8)))
        lines.append(_row("int16_t", "vv_categories", np.array([len(b.feature.categories) for b in codes], np.int16)))
        lines.append(_row("uint8_t", "vv_own", np.array([len(b.own) for b in codes], dtype=np.uint8)))
    if times:
        earliest = [-(2**63) + 1 if b.feature.low is None else int(np.ceil(b.feature.low)) for b in times]
        lines.append(_row("int64_t", "vv_earliest", np.array(earliest, dtype=np.int64)))
    if edges.scores:
        lines.append(_matrix("float", "vv_score_cuts", [_padded(cuts) for cuts in edges.scores]))
    return lines


def _padded(cuts: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array([*cuts, *[np.inf] * (BINS - 1 - len(cuts))], dtype=np.float32)


def _limits(feature: Feature, whole: bool) -> NDArray[Any]:
    low, high = feature.low, feature.high
    if whole:
        low, high = np.clip([-128 if low is None else low, 127 if high is None else high], -128, 127)
        # The lowest value and how many lie above it: one comparison then tells both.
        return np.array([np.ceil(low), np.floor(high) - np.ceil(low)]).astype(np.int64).astype(np.uint8)
    # Nothing lies below what is not a number.
    return np.array([np.nan if x is None else x for x in (low, high)], dtype=np.float32)


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
