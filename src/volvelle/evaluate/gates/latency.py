"""Latency: seconds of one inference on the device.

>>> measure(None).value is None
True
"""

from __future__ import annotations

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "seconds"
DIRECTION: Direction = "down"


def measure(facts: Facts | None) -> Measured:
    """Not measured: the reason is in the note."""
    return Measured(
        value=None, note="the compiler does not measure latency yet: it needs a model compiled for the [device]"
    )
