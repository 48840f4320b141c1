"""Instructions: machine instructions that one inference executes.

>>> measure(None).value is None
True
"""

from __future__ import annotations

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "count"
DIRECTION: Direction = "down"


def measure(facts: Facts | None) -> Measured:
    """Not measured: the reason is in the note."""
    return Measured(
        value=None, note="the compiler does not measure instructions yet: it needs a model compiled for the [device]"
    )
