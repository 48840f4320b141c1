"""Parity: largest difference between the scores of the training library, the ONNX file and, on a device, the C.

Over all rows that were compared, so it is a maximum and no estimate: there is no interval. NaN between library and
file is not measured, never a pass. Where the spec names a device, no bound makes good C that answers otherwise than
the ONNX file: a row with another label, a bit that differs behind a quantiser, a core that gives other bits than the
host, or a difference above 1e-5 fails the gate.

>>> from volvelle.compiler.prove import NOWHERE
>>> from volvelle.compiler.records import Parity
>>> from volvelle.evaluate.contract import Facts, Side
>>> from dataclasses import replace
>>> import msgspec, numpy as np
>>> empty = Side(y=np.zeros(0), labels=np.zeros(0, dtype=np.int64), scores=np.zeros((0, 1)))
>>> facts = Facts("regression", "rmse", train=empty, test=empty, model_size=1, parity=1e-7, level=0.95, seed=0)
>>> measure(facts).value
1e-07
>>> wrong = Parity(where="host", rows=90, label_differences=37, largest=0.0)
>>> there = msgspec.structs.replace(NOWHERE, device="cortex-m0", parity=(wrong,))
>>> found = measure(replace(facts, footprint=there))
>>> found.refuted, found.note
(True, 'the C for cortex-m0 answers otherwise than the ONNX file: host: 37 of 90 rows with another label')
"""

from __future__ import annotations

import math

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.records import Measured

UNIT = "1"
DIRECTION: Direction = "down"


def measure(facts: Facts) -> Measured:
    """The difference as found when the model was exported, or compiled."""
    there = facts.footprint
    on_device = [p.largest for p in there.parity] if there else []
    largest = max([d for d in (facts.parity, *on_device) if math.isfinite(d)], default=None)
    if there is not None and not there.agrees():
        why = f"the C for {there.device} answers otherwise than the ONNX file: {there.differs()}"
        return Measured(value=largest, note=why, refuted=True)
    if not math.isfinite(facts.parity):
        return Measured(value=None, note="the difference between library and ONNX file is not a finite number")
    return Measured(value=largest)
