"""Throughput: inferences a second on the device.

>>> measure(None).value is None
True
"""

from __future__ import annotations

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "1/seconds"
DIRECTION: Direction = "up"


def measure(facts: Facts | None) -> Measured:
    """Not measured: the reason is in the note."""
    return Measured(
        value=None, note="the compiler does not measure throughput yet: it needs a model compiled for the [device]"
    )
