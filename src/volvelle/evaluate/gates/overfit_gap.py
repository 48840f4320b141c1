"""Overfit gap: how far the search metric differs between the training and the test side.

The absolute difference; a large one says that the model has learnt its training rows by heart, or
that the test side is of another kind. The interval is that of the test value: the model was fitted to
exactly these training rows, so the training value is no estimate.

Reference: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition 2009, 7.4 (optimism).

All right in training, one of two right in the test:

>>> from volvelle.evaluate.contract import Facts, Side
>>> import numpy as np
>>> y, wrong = np.array([0, 1]), np.array([0, 0])
>>> train = Side(y=y, labels=y, scores=np.eye(2))
>>> test = Side(y=y, labels=wrong, scores=np.eye(2))
>>> measure(Facts("binary", "accuracy", train=train, test=test, model_size=1, parity=0.0, level=0.95, seed=0)).value
0.5
"""

from __future__ import annotations

import math

from volvelle.evaluate.contract import Direction, Facts
from volvelle.evaluate.measure import measure as measure_metric
from volvelle.evaluate.measure import value
from volvelle.evaluate.records import Measured

UNIT = "1"
DIRECTION: Direction = "down"


def measure(facts: Facts) -> Measured:
    """The gap, with the interval that the test side leaves it."""
    test = measure_metric(facts.metric, facts.test, facts.task, level=facts.level, seed=facts.seed)
    train = value(facts.metric, facts.train, facts.task)
    if test.value is None or math.isnan(train):
        note = test.note or f"{facts.metric} is not defined on the training side"
        return Measured(value=None, rows=test.rows, note=note, sampled=True)
    gap = abs(train - test.value)
    if test.low is None or test.high is None:
        return Measured(value=gap, rows=test.rows, note=test.note, sampled=True)
    ends = (train - test.high, train - test.low)
    return Measured(
        value=gap,
        low=0.0 if ends[0] <= 0 <= ends[1] else min(abs(end) for end in ends),
        high=max(abs(end) for end in ends),
        rows=test.rows,
        sampled=True,
        resamples=test.resamples,
    )
