"""Top-k accuracy: the share of rows whose true class is among the k most probable ones.

k is ``[require] top_k``, 3 unless the spec says otherwise, and always below the number of classes: naming
all of them is no achievement. Of equal probabilities the first class counts as the more probable. NaN
without rows.

Reference: Russakovsky et al., ImageNet large scale visual recognition challenge, IJCV 115, 2015.

The true class is second, then third:

>>> import numpy as np
>>> p = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
>>> score(np.array([1, 2]), p, top_k=2)
0.5
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Direction, Needs
from volvelle.evaluate.counts import ratio
from volvelle.model.signature import ModelTask

TASKS: tuple[ModelTask, ...] = ("multiclass",)
DIRECTION: Direction = "up"
RANGE: tuple[float, float] = (0.0, 1.0)
NEEDS: Needs = "scores"
PARAMETERS: tuple[str, ...] = ("top_k",)


def score(y: NDArray[Any], p: NDArray[Any], *, top_k: int = 3) -> float:
    """Share of rows with the true class among the first k of probabilities ``[n, classes]``."""
    return float(weighted(y, p, np.ones((1, len(y))), top_k=top_k)[0])


def weighted(y: NDArray[Any], p: NDArray[Any], w: NDArray[np.float64], *, top_k: int = 3) -> NDArray[np.float64]:
    """The share when row i counts ``w[r, i]`` times: ``[r]`` for weights ``[r, n]``."""
    k = max(1, min(top_k, p.shape[1] - 1))
    first = np.argsort(-p, axis=1, kind="stable")[:, :k]
    found = (first == np.asarray(y)[:, None]).any(axis=1).astype(np.float64)
    return ratio(w @ found, w.sum(axis=1))
