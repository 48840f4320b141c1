"""Model size: bytes of the ONNX file, preparation and model together.

Counted, not estimated, so there is no interval.

>>> from volvelle.evaluate.contract import Facts, Side
>>> import numpy as np
>>> empty = Side(y=np.zeros(0), labels=np.zeros(0, dtype=np.int64), scores=np.zeros((0, 1)))
>>> facts = Facts("regression", "rmse", train=empty, test=empty, model_size=2048, parity=0.0, level=0.95, seed=0)
>>> measure(facts).value
2048.0
"""

from __future__ import annotations

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "bytes"
DIRECTION: Direction = "down"


def measure(facts: Facts) -> Measured:
    """The size as stored."""
    return Measured(value=float(facts.model_size))
