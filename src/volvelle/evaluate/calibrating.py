"""Whether a calibration is worth having, judged on rows that neither the model nor the calibration learnt from.

Every fold's out-of-fold scores are calibrated by what the other folds taught. A method is worth it where the log loss
of the rows then falls by more than two standard errors of the paired differences, and by more than one over the folds;
where the Brier score does not rise; and where the search metric falls by no more than one standard error, or than
rounding costs.

References: Guo et al., On calibration of modern neural networks, ICML 2017; Niculescu-Mizil and Caruana, Predicting
good probabilities with supervised learning, ICML 2005.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.train.contract import Calibrator

SURE, FEWEST = 2.0, 20
"""Standard errors of the rows by which the log loss must fall; rows of a class below which nothing is tried."""
HARMLESS = 1e-4
"""Share of the search metric that rounding may cost: a probability near 1 has few neighbours in float32."""
_LEAST = float(np.finfo(np.float64).eps)

Score = Callable[[int, NDArray[np.float32]], float]
"""(fold, scores of its rows) to the search metric."""


class Known(NamedTuple):
    """Out-of-fold scores and what came true.

    Attributes:
        scores: float32 ``[n, classes]``, in the order of the signature.
        y: class positions ``[n]``.
        folds: fold number of each row ``[n]``.
        score: the search metric of one fold.
        up: whether a higher search metric is better.
    """

    scores: NDArray[np.float32]
    y: NDArray[np.int64]
    folds: NDArray[np.int64]
    score: Score
    up: bool


def nested(method: Calibrator, known: Known) -> NDArray[np.float32] | None:
    """Scores of every fold, calibrated by the others; None where some fold cannot be."""
    made = np.empty_like(known.scores)
    for fold in np.unique(known.folds):
        mine = known.folds == fold
        params = method.fit(known.scores[~mine], known.y[~mine])
        if params is None:
            return None
        made[mine] = method.apply(params, known.scores[mine])
    return made


def gain(known: Known, made: NDArray[np.float32]) -> float | None:
    """By how much the log loss falls on average; None where that may be chance, or something else is lost."""
    falls = _losses(known.scores, known.y) - _losses(made, known.y)
    mean = float(falls.mean())
    numbers = np.unique(known.folds).tolist()
    by_fold = [float(falls[known.folds == k].mean()) for k in numbers]
    squares = _squares(known.scores, known.y).mean() - _squares(made, known.y).mean()
    sign = 1.0 if known.up else -1.0
    scores = [known.score(k, known.scores[known.folds == k]) for k in numbers]
    better = [sign * (known.score(k, made[known.folds == k]) - was) for k, was in zip(numbers, scores, strict=True)]
    least = HARMLESS * max(map(abs, scores), default=0.0)
    worth = (
        mean > SURE * _error(falls.tolist())
        and statistics.fmean(by_fold) > _error(by_fold)
        and squares >= 0
        and all(map(math.isfinite, better))
        and statistics.fmean(better) >= -max(_error(better), least)
    )
    return mean if worth else None


def enough(known: Known) -> bool:
    """Whether at least two classes have rows enough for anything to be tried."""
    counts = np.bincount(known.y, minlength=known.scores.shape[1])
    return bool(np.sort(counts)[-2] >= FEWEST)


def _losses(scores: NDArray[np.float32], y: NDArray[np.int64]) -> NDArray[np.float64]:
    given = scores[np.arange(len(y)), y].astype(np.float64)
    return np.asarray(-np.log(np.clip(given, _LEAST, 1.0)))


def _squares(scores: NDArray[np.float32], y: NDArray[np.int64]) -> NDArray[np.float64]:
    truth = np.eye(scores.shape[1])[y]
    return np.asarray(((scores.astype(np.float64) - truth) ** 2).sum(axis=1))


def _error(values: Sequence[float]) -> float:
    """The standard error of a mean."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.inf
