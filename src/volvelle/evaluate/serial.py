"""Rows in time: how far neighbours are alike, and blocks of them that are resampled together.

Where rows follow each other in time their errors do too, and a bootstrap over single rows takes more for granted
than the rows say. Blocks keep neighbours together. Their length is that of E. Carlstein, The use of subseries values
for estimating the variance of a general statistic from a stationary sequence, Annals of Statistics 14, 1986, for an
autoregression of order 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTABLE = 0.05
"""A lag-1 correlation below this changes nothing."""
FEWEST = 20
"""Blocks below this number would say too little about how far they differ."""


def alike(values: NDArray[Any]) -> float:
    """The lag-1 autocorrelation; 0 where nothing varies.

    >>> round(alike(np.array([1.0, 1, 1, -1, -1, -1])), 2)
    0.5
    """
    centred = np.asarray(values, dtype=np.float64) - np.mean(values)
    power = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / power if power > 0 else 0.0


def blocks(values: NDArray[Any]) -> NDArray[np.int64] | None:
    """The number of each row's block, by how far neighbouring `values` are alike; None where rows may stand alone.

    The length ``(2 r / (1 - r^2))^(2/3) n^(1/3)`` is cut so that at least 20 blocks remain.

    >>> blocks(np.resize([1.0, -1.0], 100)) is None
    True
    >>> int(blocks(np.repeat([1.0, -1.0, 1.0, -1.0], 10)).max())
    19

    Args:
        values: one number a row ``[n]``, in the order of time.
    """
    count, r = len(values), alike(values)
    if r < NOTABLE or count < 2 * FEWEST:
        return None
    r = min(r, 0.999)
    length = math.ceil((2 * r / (1 - r * r)) ** (2 / 3) * count ** (1 / 3))
    length = max(1, min(length, count // FEWEST))
    block: NDArray[np.int64] = np.arange(count, dtype=np.int64) // length
    block[block == count // length] -= 1
    return block
