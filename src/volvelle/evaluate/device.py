"""What gates read from the proof of a model on its device."""

from __future__ import annotations

from collections.abc import Callable

from volvelle.compiler.records import Footprint
from volvelle.evaluate.contract import Facts
from volvelle.evaluate.records import Measured


def on_device(facts: Facts, read: Callable[[Footprint], float | None], note: str = "") -> Measured:
    """One number of the footprint; not measured where the spec names no device.

    Args:
        facts: what a gate sees.
        read: the number.
        note: how it was found; ``{device}`` stands for the name.
    """
    found = facts.footprint
    if found is None:
        return Measured(value=None, note="the spec names no device: write [device] core, such as 'cortex-m4f'")
    value = read(found)
    if value is None:
        return Measured(
            value=None, note=f"{found.device} has no clock of its own: write [device] clock, such as '80 MHz'"
        )
    return Measured(value=value, note=note.format(device=found.device))
