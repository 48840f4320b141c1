"""Rows that are meant to break a model: extremes, exact ties, neighbours of thresholds, missing cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EXTREMES = np.array(
    [0.0, -0.0, 1e30, -1e30, 3e38, -3e38, 1e-45, -1e-45, 1e-38, 1e-30, 2**24 + 2, -(2**31), 1e9, 123456789, 0.1, -1, 1],
    dtype=np.float32,
)
"""Finite float32 values: huge, denormal, whole numbers that float32 barely holds."""
CODES = np.array([-2, -1, 0, 1, 2, 31, 32, 33, 63, 64, 1000, 2**31, 1e30], dtype=np.float32)
"""Category codes, most of which no training saw."""


def fuzzed_rows(
    x: NDArray[np.float32], count: int, seed: int, *, missing: bool, categorical: tuple[int, ...] = ()
) -> NDArray[np.float32]:
    """`count` rows made from training rows `x`, float32 ``[count, f]``.

    A third are training rows with a few extreme cells; a third mix the columns' own values, the midpoints
    between them (where trees split) and the float32 numbers next to those; the rest are extreme throughout.

    Args:
        x: training rows ``[n, f]``.
        count: how many rows.
        seed: of every random choice.
        missing: put NaN into a tenth of the cells.
        categorical: columns that hold category codes.
    """
    rng = np.random.default_rng(seed)
    rows = x[rng.integers(0, len(x), count)].copy()
    kind = np.arange(count) % 3
    for column in range(x.shape[1]):
        if column in categorical:
            pool = CODES
            near = np.concatenate([np.unique(x[:, column]), CODES])
        else:
            pool = EXTREMES
            near = near_splits(x[:, column])
        cell = rng.random(count)
        rows[:, column] = np.where((kind == 0) & (cell < 0.2), rng.choice(pool, count), rows[:, column])
        rows[:, column] = np.where(kind == 1, rng.choice(near, count), rows[:, column])
        rows[:, column] = np.where((kind == 2) & (cell < 0.7), rng.choice(pool, count), rows[:, column])
        if missing:
            rows[rng.random(count) < 0.1, column] = np.nan
    return rows if missing else np.nan_to_num(rows, nan=0.0)


def near_splits(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A column's values, the midpoints between them, and the float32 neighbours of both."""
    known = np.unique(values[np.isfinite(values)])
    if not known.size:
        return EXTREMES
    middle = ((known[1:].astype(np.float64) + known[:-1]) / 2).astype(np.float32)
    exact = np.concatenate([known, middle])
    up, down = np.nextafter(exact, np.float32(np.inf)), np.nextafter(exact, np.float32(-np.inf))
    return np.concatenate([exact, up, down]).astype(np.float32)
