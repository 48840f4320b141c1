"""What every part of the C costs: the blocks that an emulated core runs, summed by the part whose they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.compiler.image import Image
from volvelle.compiler.layers import headings
from volvelle.compiler.lines import Lines, Parts
from volvelle.compiler.records import Layer
from volvelle.compiler.sources import Sources

_BEFORE = "entry"


def layers(
    sources: Sources, image: Image, core: Any, row: list[NDArray[Any]], ends: list[tuple[np.dtype[Any], int]]
) -> tuple[Layer, ...]:
    """Instructions of one row, part by part; none where the core or the linked file does not tell.

    A block that spans two parts counts for the one that it begins in; what is called at its end, such as the arithmetic
    that a core lacks, counts for the one that it ends in.

    Args:
        sources: the C.
        image: what was made of it.
        core: an emulated core with that image.
        row: arrays, in the order of the arguments.
        ends: type and number of elements of each further argument.
    """
    if not image.elf or not hasattr(core, "watch"):
        return ()
    lines, parts = Lines(image.elf, f"{sources.name}.c", f"{sources.name}_run"), Parts(headings(sources.source))
    known: dict[int, tuple[str | None, str | None]] = {}
    counts = {_BEFORE: 0}
    now = _BEFORE

    def part(address: int) -> str | None:
        line = lines.of(address)
        return parts.of(line) if line else None

    def watch(address: int, size: int, instructions: int) -> None:
        nonlocal now
        if address not in known:
            known[address] = part(address), part(address + size - 2)
        first, last = known[address]
        name = first or now
        counts[name] = counts.get(name, 0) + instructions
        now = last or now

    core.watch = watch
    try:
        core.run(row, ends)
    finally:
        core.watch = None
    order = {name: at for at, name in headings(sources.source).items()}
    told = sorted((name for name in counts if counts[name]), key=lambda name: order.get(name, 0))
    return tuple(Layer(name=name, instructions=counts[name]) for name in told)
