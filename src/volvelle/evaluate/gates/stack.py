"""Stack: bytes that one call of the compiled model needs at most.

The bound that the machine code proves is taken. Where it proves none, the stack is painted before each row that the
emulated core answers, and the deepest mark is taken.

>>> from volvelle.evaluate.contract import Side
>>> import numpy as np
>>> empty = Side(y=np.zeros(0), labels=np.zeros(0, dtype=np.int64), scores=np.zeros((0, 1)))
>>> facts = Facts("regression", "rmse", train=empty, test=empty, model_size=1, parity=0.0, level=0.95, seed=0)
>>> measure(facts).note
"the spec names no device: write [device] core, such as 'cortex-m4f'"
"""

from __future__ import annotations

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.device import on_device
from volvelle.evaluate.records import Measured

UNIT = "bytes"
DIRECTION: Direction = "down"


def measure(facts: Facts) -> Measured:
    """The proven bound, or the deepest mark."""
    return on_device(facts, lambda found: float(found.stack if found.stack_bound is None else found.stack_bound))
