"""One rule: the class shares on either side of one feature's median.

Source: R. C. Holte, Very simple classification rules perform well, Machine Learning 11, 1993.
"""

import numpy as np

TASKS = ("binary", "multiclass")
VIEW = "dense"
SPACE = {}
COST = 1
COST = 1


def fit(lesson, settings):
    """The feature whose two sides are purest: its position, its median, the shares below and above."""

    def shares(rows):
        chosen = lesson.y[rows] if rows.any() else lesson.y
        return np.bincount(chosen, minlength=lesson.classes) / len(chosen)

    def rule(j):
        above = lesson.x[:, j] > (middle := np.median(lesson.x[:, j]))
        sides = shares(~above), shares(above)
        return sides[0].max() * (~above).sum() + sides[1].max() * above.sum(), j, middle, sides

    return max((rule(j) for j in range(lesson.x.shape[1])), key=lambda found: found[0])[1:]


def predict(fitted, x):
    j, middle, (below, above) = fitted
    return np.where(x[:, [j]] > middle, above, below).astype(np.float32)


def emit(graph, x, fitted):
    j, middle, (below, above) = fitted
    high = graph.node("Greater", graph.columns(x, [j]), graph.constant(np.float32([middle])), kind="bool")
    rows = [graph.constant(side.astype(np.float32).reshape(1, -1)) for side in (above, below)]
    return graph.node("Where", high, *rows, kind="float", width=len(above))
