"""RAM: bytes of static memory that the compiled model takes, without the stack.

>>> measure(None).value is None
True
"""

from __future__ import annotations

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "bytes"
DIRECTION: Direction = "down"


def measure(facts: Facts | None) -> Measured:
    """Not measured: the reason is in the note."""
    return Measured(
        value=None, note="the compiler does not measure RAM yet: it needs a model compiled for the [device]"
    )
