"""Classifier two-sample test: whether rows of now can be told from healthy ones, all columns together.

A classifier learns on one half of the rows to tell both samples apart, and the other half says whether it can: by the
area under its ROC curve, which is a half where nothing has moved. It sees what columns do together, which no test of
single columns does. The classifier is a ridge regression on 200 random Fourier features of the standardised columns,
with fixed seeds. The effect is twice the area less 1, which the share of rows that have moved can only exceed.

References: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR 2017; Rahimi and Recht, Random features
for large-scale kernel machines, NeurIPS 2007; the chance of an area: Mann and Whitney, 1947.

Nothing tells two samples of the same numbers apart, and everything two that lie far from each other:

>>> same = np.arange(200.0).reshape(-1, 1) % 7
>>> score(same, same).effect < 0.2, round(score(same, same + 50).effect, 6)
(True, 1.0)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from volvelle.monitor.contract import NOTHING, Effect, Found, Takes

TAKES: tuple[Takes, ...] = ("rows",)
EFFECT: Effect = "share"
_WAVES, _RIDGE, _FEWEST = 200, 1.0, 20


def score(reference: NDArray[Any], now: NDArray[Any]) -> Found:
    """Rows ``[n, d]`` of both samples; `NOTHING` below 20 rows of one."""
    if min(len(reference), len(now)) < _FEWEST:
        return NOTHING
    rng = np.random.default_rng(0)
    x = np.concatenate([reference, now]).astype(np.float64)
    y = np.repeat([0.0, 1.0], [len(reference), len(now)])
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    angles = x @ rng.normal(size=(x.shape[1], _WAVES)) / np.sqrt(x.shape[1]) + rng.uniform(0, 2 * np.pi, _WAVES)
    seen = np.column_stack([x, np.cos(angles), np.ones(len(x))])
    # Both samples are halved each, so that no half lacks one of them.
    learns = np.concatenate([rng.permutation(n) < n // 2 for n in (len(reference), len(now))])
    weights = np.where(y == 1, 1 / len(now), 1 / len(reference))[learns] * len(x) / 2
    known = seen[learns].T * weights
    answer = np.linalg.solve(known @ seen[learns] + _RIDGE * np.eye(seen.shape[1]), known @ (2 * y[learns] - 1))
    return _area(seen[~learns] @ answer, y[~learns] == 1)


def _area(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Found:
    """The area under the ROC curve as a test: z of Mann and Whitney's statistic, corrected for ties."""
    ups, downs = int(positive.sum()), int((~positive).sum())
    _, level, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[level]
    area = (float(ranks[positive].sum()) - ups * (ups + 1) / 2) / (ups * downs)
    rows = ups + downs
    spread = np.sqrt((rows + 1 - float((ties**3.0 - ties).sum()) / (rows * (rows - 1))) / (12 * ups * downs))
    z = (area - 0.5) / spread if spread > 0 else 0.0
    return Found(area, float(ndtr(-z)), max(0.0, 2 * area - 1))
