"""Permutation importance: what the model loses when one column is shuffled.

Each column is shuffled among the test rows several times, the shipped graph predicts again, and the loss
of the metric is averaged. The interval is that of a paired bootstrap: rows (or groups) and shuffles are
resampled together, so it covers both the sample of rows and the luck of the shuffle. A column
that tells nothing has an interval that holds 0. Columns that carry the same knowledge share it: the model
leans on the other one, and both look small.

Reference: Breiman, Random forests, Machine Learning 45, 2001; Fisher, Rudin and Dominici, JMLR 20, 2019.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.contract import Metric, Side
from volvelle.evaluate.explain.records import Importance
from volvelle.evaluate.explain.shipped import Inputs, Place, Shipped, chosen, replaced, sample
from volvelle.evaluate.measure import answers, bound, classes_of
from volvelle.evaluate.resample import percentiles, replicates, row_weights, weighable
from volvelle.model.signature import ModelTask

MOST_COLUMNS, MOST_ROWS, REPEATS, DRAWS = 60, 2_000, 6, 200
_SCREEN = 20
"""Rows on which it is seen which of very many columns the model reacts to."""


class Question(NamedTuple):
    """What importance is measured of."""

    metric: str
    task: ModelTask
    level: float = 0.95
    seed: int = 0
    repeats: int = REPEATS


class Found(NamedTuple):
    """Importances, most important first, and how they were measured."""

    importances: tuple[Importance, ...]
    rows: int
    notes: tuple[str, ...]


def importances(shipped: Shipped, inputs: Inputs, truth: Side, asked: Question) -> Found:
    """The importance of every column, or of the 60 that the model reacts to most.

    Args:
        shipped: the model.
        inputs: encoded test rows.
        truth: of the same rows; its predictions are not read.
        asked: metric, task, level, seed and number of shuffles.
    """
    places, notes = _screened(shipped, inputs, asked.seed)
    most = min(MOST_ROWS, shipped.affordable(len(truth.y), (len(places) * asked.repeats) + 1))
    rows = sample(len(truth.y), most, asked.seed)
    if len(rows) < len(truth.y):
        notes += (f"importance is measured on {len(rows):,} of {len(truth.y):,} test rows, drawn at random",)
    inputs, groups = chosen(inputs, rows), None if truth.groups is None else truth.groups[rows]
    y = truth.y[rows]
    whole = shipped.side(inputs, y, groups)
    metric = bound(asked.metric, whole, asked.task)
    sign = 1.0 if metric.DIRECTION == "up" else -1.0
    weights = np.concatenate([np.ones((1, len(y))), *row_weights(len(y), groups, DRAWS, asked.seed)])
    classes, units = classes_of(whole, asked.task), len(y) if groups is None else len(np.unique(groups))
    base = values(metric, whole, weights, classes)
    found = []
    for number, place in enumerate(places):
        rng = np.random.default_rng([asked.seed, number])
        lost = np.empty((asked.repeats, len(weights)))
        for repeat in range(asked.repeats):
            cells = inputs[place.tensor][rng.permutation(len(y)), place.at]
            shuffled = shipped.side(replaced(inputs, place, cells), y, groups)
            lost[repeat] = sign * (base - values(metric, shuffled, weights, classes))
        found.append(_importance(place.feature.name, lost, rng, asked.level, units))
    found.sort(key=lambda i: (i.value is None, -(i.value or 0.0), i.column))
    return Found(tuple(found), len(rows), notes)


def values(metric: Metric, side: Side, weights: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """The metric under each row of weights ``[r, n]``: ``[r]``; a metric that takes none sees drawn rows."""
    given = answers(metric, side)
    if weighable(metric):
        return replicates(metric, side.y, given, weights, classes)
    rng = np.random.default_rng(len(side.y))
    found = [metric.score(side.y, given)]
    for w in weights[1:]:
        rows = rng.choice(len(side.y), len(side.y), p=w / w.sum())
        found.append(metric.score(side.y[rows], given[rows]))
    return np.asarray(found)


def _importance(
    column: str, lost: NDArray[np.float64], rng: np.random.Generator, level: float, units: int
) -> Importance:
    """`lost` is ``[shuffles, 1 + draws]``; its first column is without weights."""
    value = float(lost[:, 0].mean())
    if np.isnan(value):
        return Importance(column=column, value=None)
    repeats = len(lost)
    times = rng.multinomial(repeats, np.full(repeats, 1 / repeats), lost.shape[1] - 1).T / repeats
    ends = percentiles((times * lost[:, 1:]).sum(axis=0), level, units)
    if ends is None:
        return Importance(column=column, value=value)
    return Importance(column=column, value=value, low=min(ends[0], value), high=max(ends[1], value))


def _screened(shipped: Shipped, inputs: Inputs, seed: int) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """All columns, or those of very many that move the scores of a few rows most."""
    places = shipped.places()
    if len(places) <= MOST_COLUMNS:
        return places, ()
    few = chosen(inputs, sample(len(next(iter(inputs.values()))), _SCREEN, seed))
    plain = shipped.answers(few)[1]
    moved: list[tuple[float, int]] = []
    for number, place in enumerate(places):
        cells: Any = np.roll(few[place.tensor][:, place.at], 1, axis=0)
        moved.append((-float(np.abs(shipped.answers(replaced(few, place, cells))[1] - plain).mean()), number))
    kept = sorted(number for _, number in sorted(moved)[:MOST_COLUMNS])
    note = f"importance is measured for the {MOST_COLUMNS} of {len(places):,} columns that the model reacts to most"
    return tuple(places[k] for k in kept), (note,)
