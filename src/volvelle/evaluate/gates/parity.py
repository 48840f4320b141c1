"""Parity: largest difference between the scores of the training library and those of the ONNX file.

Where the spec names a device, the compiled C is compared with the ONNX file too.

Over all rows that were compared, so it is a maximum and no estimate: there is no interval. NaN in one
of the two is not measured, never a pass.

>>> from volvelle.evaluate.contract import Facts, Side
>>> import numpy as np
>>> empty = Side(y=np.zeros(0), labels=np.zeros(0, dtype=np.int64), scores=np.zeros((0, 1)))
>>> facts = Facts("regression", "rmse", train=empty, test=empty, model_size=1, parity=1e-7, level=0.95, seed=0)
>>> measure(facts).value
1e-07
"""

from __future__ import annotations

import math

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "1"
DIRECTION: Direction = "down"


def measure(facts: Facts) -> Measured:
    """The difference as found when the model was exported."""
    if not math.isfinite(facts.parity):
        return Measured(value=None, note="the difference between library and ONNX file is not a finite number")
    on_device = [p.largest for p in facts.footprint.parity] if facts.footprint else []
    return Measured(value=max(facts.parity, *on_device, facts.parity))
