"""What gates read from the proof of a model on its device."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from volvelle.compiler.records import TOLERANCE, Footprint
from volvelle.evaluate.contract import Facts
from volvelle.evaluate.records import Measured
from volvelle.spec.gates import parse

PARITY = f"parity <= {TOLERANCE:g}"
"""What is asked of every model that is compiled for a device."""


def implied(gates: Sequence[str]) -> tuple[str, ...]:
    """The gate that nobody need write where there is a device.

    >>> implied(["flash <= 64 KiB"]), implied(["parity <= 1e-4"])
    (('parity <= 1e-05',), ())
    """
    return () if any(parse(text).name == "parity" for text in gates) else (PARITY,)


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
