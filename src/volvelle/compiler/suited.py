"""Whether the C of a model means on a device what it means elsewhere: some compilers have other types of number."""

from __future__ import annotations

import re

from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.layers import needs_double, wide
from volvelle.compiler.records import Device
from volvelle.compiler.sources import Sources
from volvelle.errors import ModelError

MOST, NEAR = 2**15 - 1, 2**16 - 2**9
"""Bytes of an array where int has 16 bits, and of all tables, which pointers of 16 bits reach."""
_SIZES = {name: kind.itemsize for kind, name in C_NAMES.items()} | {"signed": 1}
_ARRAY = re.compile(r"static (const |VV_CONST )?(\w+) (?:char )?\w+\[(\d+)\]")


def suited(sources: Sources, device: Device) -> None:
    """Refuse a model that would answer otherwise on a device.

    Raises:
        ModelError: it computes in double precision, or has a table that is too long, where types are narrow.
    """
    precise(sources, device)
    if not device.narrow:
        return
    arrays = [(bool(fixed), _SIZES[kind] * int(count)) for fixed, kind, count in _ARRAY.findall(sources.source)]
    longest = max((size for _, size in arrays), default=0)
    tables = sum(size for fixed, size in arrays if fixed)
    if longest > MOST or tables > NEAR:
        raise ModelError(
            f"{device.name} holds arrays of {MOST:,} bytes and {NEAR:,} bytes of tables at most; "
            f"the model has one of {longest:,}, and {tables:,} bytes",
            next_move="choose a smaller model or another device: volvelle devices lists them",
        )


def precise(sources: Sources, device: Device) -> None:
    """Refuse a model that needs numbers of 64 bits on a device that has none.

    Raises:
        ModelError: it computes in double precision; the operators are named.
    """
    if device.narrow and needs_double(sources.source):
        parts = [name for part in wide(sources.source) for name in part.split(": ")[1].split(", ")]
        told = ", ".join(dict.fromkeys(parts)) or "its inputs or outputs"
        raise ModelError(
            f"the model computes in double precision, which {device.name} does not have: in {told}",
            next_move="leave that out of the model, or choose another device: volvelle devices lists them",
        )
