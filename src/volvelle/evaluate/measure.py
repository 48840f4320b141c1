"""One metric on one side."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import METRICS
from volvelle.errors import SpecError, near
from volvelle.evaluate.contract import Metric, Side
from volvelle.evaluate.interval import interval
from volvelle.evaluate.records import Measured
from volvelle.evaluate.resample import RESAMPLES, point
from volvelle.model.signature import ModelTask
from volvelle.spec.requirements import Require

_FORMS = ("score", "of_counts", "weighted", "share")
"""Functions of a metric that take its parameters."""


def fitting(task: ModelTask) -> tuple[str, ...]:
    """The names of the metrics that fit a task, read without importing them.

    >>> "recall" in fitting("binary"), "recall" in fitting("regression")
    (True, False)
    """
    return tuple(name for name in METRICS.names() if task in _tasks(name))


def load(name: str, task: ModelTask) -> Metric:
    """The metric called `name`.

    Raises:
        NotFound: there is none.
        SpecError: it does not fit the task; those that do are named.
    """
    metric: Metric = METRICS.load(name)
    if task not in metric.TASKS:
        fits = fitting(task)
        close = near(name, fits)
        advice = close if close.startswith("did") else "those that fit: " + ", ".join(fits)
        raise SpecError(f"{name} does not fit a {task} task", next_move=advice)
    return metric


def given(require: Require) -> dict[str, Any]:
    """What the spec states for metrics that take parameters, by key.

    >>> given(Require(quantile=0.9))
    {'quantile': 0.9}
    """
    stated = {"costs": require.costs, "quantile": require.quantile, "top_k": require.top_k}
    return {key: value for key, value in stated.items() if value is not None}


def stated(name: str, require: Require) -> dict[str, Any]:
    """What the spec states for one metric; nothing is read of the spec for one that takes no parameter."""
    return given(require) if METRICS.fact(name, "PARAMETERS") else {}


def bound(name: str, side: Side, task: ModelTask) -> Metric:
    """The metric called `name`, its parameters set to what the side was given.

    Raises:
        NotFound, SpecError: as `load`; or the matrix of costs does not fit the classes.
    """
    metric = load(name, task)
    known = {key: side.given[key] for key in getattr(metric, "PARAMETERS", ()) if key in side.given}
    if not known:
        return metric
    if "costs" in known and len(known["costs"]) != classes_of(side, task):
        raise SpecError(
            f"the matrix has {len(known['costs'])} rows, and the target {classes_of(side, task)} classes",
            where="require.costs",
            next_move="write one row for each true class, one column for each predicted class",
        )
    shared = {key: partial(getattr(metric, key), **known) for key in _FORMS if hasattr(metric, key)}
    return cast(Metric, SimpleNamespace(**{**vars(metric), **shared}))


def answers(metric: Metric, side: Side) -> NDArray[Any]:
    """The predictions as the metric wants them: labels ``[n]``, scores ``[n, k]`` or values ``[n]``."""
    if metric.NEEDS == "labels":
        return side.labels
    return side.scores if metric.NEEDS == "scores" else side.scores[:, 0]


def value(name: str, side: Side, task: ModelTask) -> float:
    """The metric alone, without interval; NaN where it is not defined.

    Raises:
        NotFound, SpecError: as `load`.
    """
    metric = bound(name, side, task)
    return point(metric, side.y, answers(metric, side), classes_of(side, task))


def measure(
    name: str, side: Side, task: ModelTask, *, level: float = 0.95, seed: int = 0, resamples: int = RESAMPLES
) -> Measured:
    """The metric with its interval.

    Raises:
        NotFound, SpecError: as `load`.
    """
    metric, rows = bound(name, side, task), len(side.y)
    if not rows:
        return Measured(value=None, note="there are no rows", sampled=True)
    classes, given = classes_of(side, task), answers(metric, side)
    found = point(metric, side.y, given, classes)
    if math.isnan(found):
        return Measured(value=None, rows=rows, note=f"{name} is not defined on these {rows} rows", sampled=True)
    ends = interval(
        metric, side.y, given, classes=classes, groups=side.groups, level=level, resamples=resamples, seed=seed
    )
    if ends is None:
        units = rows if side.groups is None else len(np.unique(side.groups))
        what = "rows" if side.groups is None else "groups"
        why = "nothing varies between rows" if units > 1 else f"{units} {what} cannot show how far the value may be off"
        return Measured(value=found, rows=rows, note=f"no interval: {why}", sampled=True)
    note = f"{ends.dropped} resamples dropped: {name} is not defined on them" if ends.dropped else ""
    return Measured(
        value=found, low=ends.low, high=ends.high, rows=rows, note=note, sampled=True, resamples=ends.resamples
    )


def classes_of(side: Side, task: ModelTask) -> int:
    """Number of classes; 0 for regression."""
    return 0 if task == "regression" else side.scores.shape[1]


def _tasks(name: str) -> tuple[str, ...]:
    return tuple(METRICS.fact(name, "TASKS") or ())
