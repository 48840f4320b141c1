"""What a device sends: one window of counters as bytes.

===========  =====================================================================
bytes        what
===========  =====================================================================
2            ``VS``
1            version of this form, 1
8            first bytes of the model's SHA-256
8            first bytes of the SHA-256 of the edges
8            pseudonym of the device
1 to 5       how often it has started, a varint
1 to 5       number of the window since that start, a varint
1 to 5       rows, a varint
1 to 3 each  counters in the order of `volvelle.monitor.on_device.seats`, varints
4            CRC-32 of all before (IEEE 802.3), the lowest byte first
===========  =====================================================================

A varint holds seven bits a byte, the lowest first; all bytes but the last have their highest bit set (LEB128).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import accumulate, pairwise

from volvelle.errors import InputError
from volvelle.monitor.on_device import MAGIC, VERSION, head, order, seats
from volvelle.monitor.records import Counted, Edges, Sketch, digest
from volvelle.spec.requirements import Record

FULL = 0xFFFF
"""Rows that a window counts, the first ones."""
_NEXT = "ask the device for its record again; a window that was sent twice counts once"


class Received(Record, frozen=True):
    """One window of one device."""

    device: str
    """Its pseudonym, hexadecimal."""
    boot: int
    window: int
    sketch: Sketch
    uncounted: int = 0
    """Rows behind the first 65,535 of the window."""

    @property
    def key(self) -> tuple[str, int, int]:
        """What no two windows share."""
        return self.device, self.boot, self.window


def received(content: bytes, edges: Edges, where: str = "") -> Iterator[Received]:
    """The records in a row of bytes, one after another.

    Args:
        content: as devices send them.
        edges: of the release that they run.
        where: a file's name, for messages.

    Raises:
        InputError: it is no record, is damaged, or is of another model or other edges.
    """
    at = 0
    while at < len(content):
        found, at = _one(content, at, edges, where)
        yield found


def _one(content: bytes, at: int, edges: Edges, where: str) -> tuple[Received, int]:
    wanted, place = head(edges), f"{where or 'sketch'}, byte {at}"
    start = content[at : at + len(wanted)]
    if start[:2] != MAGIC:
        raise InputError(f"no record begins here: {start[:2]!r}, not {MAGIC!r}", where=place, next_move=_NEXT)
    if start[2:3] != wanted[2:3]:
        raise InputError(
            f"the record is of version {start[2:3].hex()}; this Volvelle reads {VERSION}",
            where=place,
            next_move="upgrade Volvelle",
        )
    for what, part in (("model", slice(3, 11)), ("table of edges", slice(11, 19))):
        if start[part] != wanted[part] and len(start) == len(wanted):
            raise InputError(
                f"the record is of another {what}: {start[part].hex()}, not {wanted[part].hex()}",
                where=place,
                next_move="name the release that the device runs with --release",
            )
    end = at + len(wanted) + 8
    numbers = []
    for _ in range(3 + sum(seats(edges))):
        value, end = _varint(content, end, place)
        numbers.append(value)
    check = content[end : end + 4]
    if len(check) < 4 or int.from_bytes(check, "little") != zlib.crc32(content[at:end]):
        raise InputError("the record is damaged: its checksum differs", where=place, next_move=_NEXT)
    boot, window, rows, *counters = numbers
    device = content[at + len(wanted) : at + len(wanted) + 8].hex()
    counted = _sketch(edges, min(rows, FULL), counters)
    more = max(0, rows - FULL)
    return Received(device=device, boot=boot, window=window, sketch=counted, uncounted=more), end + 4


def _varint(content: bytes, at: int, place: str) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if at >= len(content):
            raise InputError("the record ends too early", where=place, next_move=_NEXT)
        value |= (content[at] & 0x7F) << shift
        at += 1
        if content[at - 1] < 0x80:
            return value, at
    raise InputError("the record is damaged: a number has no end", where=place, next_move=_NEXT)


def _sketch(edges: Edges, rows: int, counters: list[int]) -> Sketch:
    ends = list(accumulate(seats(edges), initial=0))
    parts = [tuple(counters[a:b]) for a, b in pairwise(ends)]
    features = order(edges)
    counted = {
        b.feature.name: Counted(bins=part[: b.width], missing=part[-2], outside=part[-1])
        for b, part in zip(features, parts, strict=False)
    }
    lines = [part[: len(c) + 1] for part, c in zip(parts[len(features) :], edges.scores * 2, strict=False)]
    return Sketch(
        edges=digest(edges),
        rows=rows,
        features={b.feature.name: counted[b.feature.name] for b in edges.features},
        scores=tuple(lines[: len(edges.scores)]),
        chosen=tuple(lines[len(edges.scores) :]),
    )
