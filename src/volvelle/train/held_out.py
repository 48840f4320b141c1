"""Probabilities for classifiers that only give decision values.

A logistic regression (for two classes: Platt scaling) is fitted on decision values of rows that the
deciding model did not see. Reference: J. Platt, Probabilistic outputs for support vector machines, 1999.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from volvelle.train.dense import paired
from volvelle.train.rows import folds

FOLDS = 3


def decision_matrix(model: Any, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decision values ``[n, d]``; d is 1 for two classes."""
    return np.asarray(model.decision_function(x), dtype=np.float64).reshape(len(x), -1)


def calibrate(make: Callable[[], Any], model: Any, x: NDArray[np.float64], y: NDArray[np.int64], seed: int) -> Any:
    """A softmax regression from decision values to classes.

    Args:
        make: gives an unfitted model.
        model: the one fitted on all rows; it decides on rows of classes too rare to be held out.
        x: features ``[n, f]``.
        y: positions of the seen classes ``[n]``.
        seed: of the folds.
    """
    number = folds(y, FOLDS, seed)
    decisions = decision_matrix(model, x)
    for fold in range(FOLDS):
        out = number == fold
        if out.any() and len(np.unique(y[~out])) == len(np.unique(y)):
            decisions[out] = decision_matrix(make().fit(x[~out], y[~out]), x[out])
    # What weighs classes alike must not be undone by the calibration.
    return LogisticRegression(C=1.0, max_iter=500, class_weight=model.class_weight).fit(decisions, y)


def head(link: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``[d, s]`` and bias ``[s]`` of the softmax regression, one logit for each class."""
    return paired(np.asarray(link.coef_, dtype=np.float64).T, np.asarray(link.intercept_, dtype=np.float64))
