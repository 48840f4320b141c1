"""MCC: Matthews correlation coefficient between truth and prediction.

1 is perfect, 0 no better than chance, -1 always wrong. With more than two classes it is Gorodkin's
R_K, whose lowest value lies between -1 and 0. A constant prediction has 0 by convention; NaN when
the truth holds fewer than two classes.

Reference: Matthews, Biochimica et Biophysica Acta 405, 1975; Gorodkin, Computational Biology and
Chemistry 28, 2004; the convention: Chicco and Jurman, BMC Genomics 21:6, 2020.

TP 1, TN 2, FP 1, FN 0: (1 * 2 - 1 * 0) / sqrt(2 * 1 * 3 * 2) = 2 / sqrt(12):

>>> import numpy as np
>>> round(score(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])), 4)
0.5774
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import confusion, hits, ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass")
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (-1.0, 1.0)
NEEDS: Needs = "labels"


def score(y: NDArray[Any], p: NDArray[Any]) -> float:
    """Correlation of truth and prediction."""
    return float(of_counts(confusion(y, p)))


def of_counts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """R_K of each table ``[..., k, k]``."""
    tables = np.asarray(counts, dtype=np.float64)
    true, called, total = tables.sum(axis=-1), tables.sum(axis=-2), tables.sum(axis=(-2, -1))
    joint = hits(tables).sum(axis=-1) * total - (true * called).sum(axis=-1)
    spread_true = total**2 - (true**2).sum(axis=-1)
    spread_called = total**2 - (called**2).sum(axis=-1)
    found = np.clip(np.nan_to_num(ratio(joint, np.sqrt(spread_true * spread_called))), -1.0, 1.0)
    return np.where((true > 0).sum(axis=-1) > 1, found, np.nan)
