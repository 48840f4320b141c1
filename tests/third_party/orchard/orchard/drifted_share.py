"""Drifted share: how far the share of each class among the answers is from its share among the truth, at most.

>>> import numpy as np
>>> from volvelle.evaluate.contract import Facts, Side
>>> test = Side(y=np.array([0, 0, 1, 1]), labels=np.array([0, 0, 0, 1]), scores=np.zeros((4, 2)))
>>> measure(Facts("binary", "accuracy", train=test, test=test, model_size=1, parity=0.0, level=0.95, seed=0)).value
0.25
"""

import numpy as np

from volvelle.evaluate.records import Measured

UNIT = "1"
DIRECTION = "down"


def measure(facts):
    """The largest difference over the classes; not measured for a regression."""
    if facts.task == "regression" or not len(facts.test.y):
        return Measured(value=None, note="there are no classes")
    classes = np.union1d(facts.test.y, facts.test.labels)
    shares = [abs(np.mean(facts.test.y == c) - np.mean(facts.test.labels == c)) for c in classes]
    return Measured(value=float(max(shares)), rows=len(facts.test.y))
