"""How fast this machine is at this moment: the CPU seconds of a fixed piece of work, over those of a reference.

A second of CPU is not everywhere the same work: clocks, caches and neighbours on the same chip differ by a factor of
two from one rented machine to the next, and from hour to hour. A bench that gives everyone the same seconds asks before
each tool how slow the machine is just then, and lengthens the seconds by that much.

The work is what most tools for tables spend their time on: growing trees, with one thread.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import lightgbm
import numpy as np

REFERENCE = 0.084
"""CPU seconds of `_grow` on a quiet core of the virtual machine (Intel Xeon) on which the published cells began."""
_TIMES, _APART = 15, 0.2
"""A machine that is fast for a moment is not fast: trials lie so many seconds apart."""


def pace() -> float:
    """How many seconds here are one of the reference: the median of several trials; a slower machine has more."""
    rows, took = _rows(), []
    _grow(rows)
    for _ in range(_TIMES):
        time.sleep(_APART)
        took.append(_grow(rows))
    return statistics.median(took) / REFERENCE


def _rows() -> Any:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(20_000, 20)).astype(np.float32)
    return lightgbm.Dataset(x, x[:, 0] * x[:, 1] + rng.normal(size=len(x)), params={"verbosity": -1}).construct()


def _grow(rows: Any) -> float:
    began = time.process_time()
    lightgbm.train({"num_leaves": 63, "verbosity": -1, "num_threads": 1, "deterministic": True}, rows, 10)
    return time.process_time() - began


if __name__ == "__main__":
    print(f"{pace():.3f}")
