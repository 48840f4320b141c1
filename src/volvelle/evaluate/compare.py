"""Two models on the same rows: how much better one is than the other.

Both are measured on the same resamples (a paired bootstrap), so what makes rows easy or hard for
both cancels out. Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8. Where few rows
get different labels the bootstrap is too sure; exchanging the two labels of single rows is exact (R. A. Fisher, The
Design of Experiments, 1935, section 21; for accuracy it is McNemar's test).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.errors import InputError
from volvelle.evaluate.contract import Metric, Side
from volvelle.evaluate.interval import Interval, bootstrap
from volvelle.evaluate.measure import answers, bound, classes_of, load
from volvelle.evaluate.records import Measured
from volvelle.evaluate.resample import RESAMPLES, affordable, percentiles, point, replicates, row_weights, weighable
from volvelle.model.signature import ModelTask


def difference(
    name: str, a: Side, b: Side, task: ModelTask, *, level: float = 0.95, seed: int = 0, resamples: int = RESAMPLES
) -> Measured:
    """The metric of `a` minus that of `b`, with a paired interval. `b.groups` is not read.

    The value is in the unit of the metric: where lower is better, a negative difference favours `a`.

    Raises:
        InputError: the two sides do not hold the same true rows.
        NotFound, SpecError: the metric is unknown or does not fit the task.
    """
    metric, rows = bound(name, a, task), len(a.y)
    if rows != len(b.y) or not np.array_equal(a.y, b.y):
        raise InputError(
            f"the two models were not measured on the same rows ({rows} and {len(b.y)})",
            next_move="compare runs that share one data version and one split",
        )
    classes, given = classes_of(a, task), (answers(metric, a), answers(metric, b))
    value = point(metric, a.y, given[0], classes) - point(metric, a.y, given[1], classes) if rows else math.nan
    if math.isnan(value):
        return Measured(value=None, rows=rows, note=f"{name} is not defined on these rows", sampled=True)
    ends = _ends(metric, a, given, classes, (level, resamples, seed))
    if ends is None:
        return Measured(value=value, rows=rows, note="no interval: too few rows", sampled=True)
    low, high = min(ends.low, value), max(ends.high, value)
    return Measured(value=value, low=low, high=high, rows=rows, sampled=True, resamples=ends.resamples)


def better(name: str, found: Measured, task: ModelTask) -> bool | None:
    """Whether `a` of a `difference` is better with confidence; None where the interval holds 0."""
    if found.low is None or found.high is None or found.low <= 0 <= found.high:
        return None
    return (found.low > 0) == (load(name, task).DIRECTION == "up")


def chance(name: str, a: Side, b: Side, task: ModelTask, *, seed: int = 0, resamples: int = RESAMPLES) -> float | None:
    """How probable so large an advantage of `a` would be if the two models gave labels alike; None without labels.

    The labels of the two are exchanged row by row (group by group) at random. 1 where the metric is not defined.
    Scores of two models have scales of their own and cannot be exchanged.

    Raises:
        NotFound, SpecError: the metric is unknown or does not fit the task.
    """
    metric = bound(name, a, task)
    if metric.NEEDS != "labels":
        return None
    classes, one, other = classes_of(a, task), answers(metric, a), answers(metric, b)
    sign = 1.0 if metric.DIRECTION == "up" else -1.0

    def gain(x: NDArray[Any], z: NDArray[Any]) -> float:
        return sign * (point(metric, a.y, x, classes) - point(metric, a.y, z, classes))

    found = gain(one, other) if len(a.y) else math.nan
    if math.isnan(found):
        return 1.0
    unit = np.arange(len(a.y)) if a.groups is None else np.unique(a.groups, return_inverse=True)[1]
    rng, draws = np.random.default_rng(seed), affordable(len(a.y) * max(1, classes), resamples)
    reached = 0
    for _ in range(draws):
        swap = (rng.random(int(unit.max()) + 1) < 0.5)[unit]
        # Not a number counts against: nothing is taken for an advantage that may not be one.
        reached += not gain(np.where(swap, other, one), np.where(swap, one, other)) < found - 1e-12
    return (1 + reached) / (1 + draws)


def _ends(
    metric: Metric, a: Side, given: tuple[NDArray[Any], NDArray[Any]], classes: int, how: tuple[float, int, int]
) -> Interval | None:
    """The paired interval; `how` is level, resamples, seed."""
    level, resamples, seed = how
    if not weighable(metric):

        def gain(y: NDArray[Any], both: NDArray[Any]) -> float:
            return metric.score(y, both[:, 0]) - metric.score(y, both[:, 1])

        both = np.stack(given, axis=1)
        return bootstrap(gain, a.y, both, groups=a.groups, level=level, resamples=resamples, seed=seed)
    draws = affordable(len(a.y) * max(1, classes), resamples)
    blocks = [
        replicates(metric, a.y, given[0], w, classes) - replicates(metric, a.y, given[1], w, classes)
        for w in row_weights(len(a.y), a.groups, draws, seed)
    ]
    found = percentiles(np.concatenate(blocks), level, len(a.y) if a.groups is None else len(np.unique(a.groups)))
    return None if found is None else Interval(found[0], found[1], draws, found[2])
