"""Cohen's kappa: agreement with the truth beyond what chance alone would give.

Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.

>>> import numpy as np
>>> score(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
0.5
"""

import numpy as np

TASKS = ("binary", "multiclass")
DIRECTION = "up"
RANGE = (-1.0, 1.0)
NEEDS = "labels"


def score(y, p):
    """(observed - expected agreement) / (1 - expected agreement); NaN where chance agrees always."""
    if not len(y):
        return float("nan")
    classes = np.union1d(y, p)
    expected = sum(np.mean(y == c) * np.mean(p == c) for c in classes)
    return float((np.mean(y == p) - expected) / (1 - expected)) if expected < 1 else float("nan")
