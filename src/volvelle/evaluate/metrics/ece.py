"""ECE: the expected calibration error, how far stated probabilities lie from observed shares.

Rows are put into 15 bins of equal width; in each the mean probability is held against the share of
rows that came true, and the distances are averaged by the rows of the bin. Binary: of the probability of
class 1. More classes: of the largest probability, against whether its class is the true one. 0 is perfect;
so is a constant that states the base rate, so read it beside a metric that tells rows apart. It
overstates the error where bins hold few rows. NaN without rows.

Reference: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.

One bin states 0.9 and half of it comes true:

>>> import numpy as np
>>> round(score(np.array([1, 0]), np.array([[0.1, 0.9], [0.1, 0.9]])), 4)
0.4
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "down"
RANGE: tuple[float, float] = (0.0, 1.0)
NEEDS: Needs = "scores"
BINS = 15


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Mean distance of probabilities ``[n, k]`` from what came true."""
    return float(weighted(y, p, np.ones((1, len(y))))[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """ECE when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    said, true = stated(y, p)
    if np.isnan(said).any():
        return np.full(len(w), np.nan)
    place = np.clip((said * BINS).astype(np.int64), 0, BINS - 1)
    gaps = sum(np.abs(w[:, place == b] @ (said - true)[place == b]) for b in np.unique(place))
    return np.clip(ratio(np.asarray(gaps) + np.zeros(len(w)), w.sum(axis=1)), 0.0, 1.0)


def stated(y: NDArray[Any], p: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each row was given as probability ``[n]``, and whether it came true, 0 or 1 ``[n]``."""
    if p.shape[1] == 2:
        return np.asarray(p[:, 1], dtype=np.float64), (np.asarray(y) == 1).astype(np.float64)
    return np.asarray(p.max(axis=1), dtype=np.float64), (p.argmax(axis=1) == y).astype(np.float64)
