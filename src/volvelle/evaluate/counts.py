"""Counts of rows by true and predicted class, and the averages that are taken over them.

A table of counts is ``[..., k, k]``: truth in rows, prediction in columns. Two classes are a binary
task (class 1 is positive); more are averaged, each class weighing the same (macro average).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def confusion(y: NDArray[Any], p: NDArray[Any], classes: int | None = None) -> NDArray[np.int64]:
    """Rows by true and predicted class, ``[k, k]``.

    Without `classes`, k is the largest position seen plus one, at least 2.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1])).tolist()
    [[1, 0], [1, 1]]
    """
    k = max(2, 1 + max((int(v.max()) for v in (y, p) if len(v)), default=0)) if classes is None else classes
    cells = np.asarray(y, dtype=np.int64) * k + np.asarray(p, dtype=np.int64)
    return np.bincount(cells, minlength=k * k).reshape(k, k).astype(np.int64)


def ratio(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    """`above` / `below`, NaN where `below` is 0."""
    below = np.asarray(below, dtype=np.float64)
    found = np.full(below.shape, np.nan)
    np.divide(above, below, out=found, where=below != 0)
    return found


def macro(values: NDArray[np.float64], present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the last axis of the values that are `present`; NaN where none is."""
    return ratio(np.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1))


def hits(counts: NDArray[Any]) -> NDArray[Any]:
    """Rows predicted right, by class: ``[..., k]``."""
    return np.diagonal(counts, axis1=-2, axis2=-1)
