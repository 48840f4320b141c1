"""Throughput: an estimate of the rows a second that the device answers, one after another.

One over the estimated latency of the slowest row.

>>> from volvelle.evaluate.contract import Side
>>> import numpy as np
>>> empty = Side(y=np.zeros(0), labels=np.zeros(0, dtype=np.int64), scores=np.zeros((0, 1)))
>>> facts = Facts("regression", "rmse", train=empty, test=empty, model_size=1, parity=0.0, level=0.95, seed=0)
>>> measure(facts).note
"the spec names no device: write [device] core, such as 'cortex-m4f'"
"""

from __future__ import annotations

from volvelle.compiler.records import Footprint
from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.device import on_device
from volvelle.evaluate.records import Measured

UNIT = "1/seconds"
DIRECTION: Direction = "up"


def measure(facts: Facts) -> Measured:
    """As the proof found it."""
    return on_device(facts, _rows_a_second, "an estimate: the cycle table of {device} and its clock")


def _rows_a_second(found: Footprint) -> float | None:
    seconds = found.latency()
    return 1 / seconds if seconds else None
