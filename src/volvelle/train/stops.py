"""After how many steps to stop, by what rows held out of each fold lose after each step.

A fold that stopped where its own held-out rows lose least would tell too good a score of them. So each fold stops where
the mean loss of the others is least, which its own rows have no part in; the last fit, where that of all is least.
Steps beyond the shortest of the curves are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Stops(NamedTuple):
    """Numbers of steps; None where nothing tells when to stop."""

    folds: tuple[int | None, ...]
    all: int | None


def stops(curves: Sequence[Sequence[float]]) -> Stops:
    """Where each fold, and all of them, stop.

    Args:
        curves: of each fold the losses after 1, 2, ... steps; two folds or more, of any lengths.

    >>> stops([[3.0, 2.0, 0.5, 2.0], [3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    Stops(folds=(2, 3, 3), all=2)
    >>> stops([[1.0], []])
    Stops(folds=(None, None), all=None)
    """
    shortest = min(map(len, curves))
    if not shortest:
        return Stops((None,) * len(curves), None)
    table = np.array([curve[:shortest] for curve in curves])
    table = np.where(np.isfinite(table), table, np.finfo(np.float64).max / len(table))
    others = (np.delete(table, fold, axis=0).sum(axis=0) for fold in range(len(table)))
    return Stops(tuple(int(np.argmin(loss)) + 1 for loss in others), int(np.argmin(table.sum(axis=0))) + 1)
