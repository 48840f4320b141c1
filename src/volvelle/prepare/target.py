"""The target as steps see it, and the parts in which rows are kept from their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.model.signature import Signature
from volvelle.prepare.allocate import deal

PARTS = 5


def target_columns(target: NDArray[Any], signature: Signature) -> NDArray[np.float64]:
    """The target as steps see it, float64 ``[n, t]``: see ``TARGET`` in `volvelle.prepare.contract`."""
    if signature.task == "regression":
        return np.asarray(target, dtype=np.float64)[:, None]
    if len(signature.classes) == 2:
        return np.asarray(target == 1, dtype=np.float64)[:, None]
    return np.asarray(target[:, None] == np.arange(len(signature.classes)), dtype=np.float64)


def parts(target: NDArray[np.float64]) -> NDArray[np.int64]:
    """The part of each row ``[n]``, one of five, classes dealt evenly; the same rows always give the same parts.

    >>> np.bincount(parts(np.array([[0.0]] * 10 + [[1.0]] * 5))).tolist()
    [3, 3, 3, 3, 3]
    """
    rows = len(target)
    classes = np.unique(target, axis=0, return_inverse=True)[1].reshape(-1)
    # Values of a regression are no classes: their rows are dealt without regard to them.
    strata = classes if int(classes.max()) < rows / PARTS else np.zeros(rows, dtype=np.int64)
    return deal(np.arange(rows), strata, min(PARTS, rows), np.random.default_rng(rows), spare=False)
