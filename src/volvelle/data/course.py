"""How shares, gaps, spread and level of the columns change along time, or along the rows, against what chance gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.data.change import jumps
from volvelle.data.table import SAMPLE, Table, amounts

What = Literal["share", "missing", "level", "spread"]
Numbers = NDArray[np.float64]

_FEW = 60
_BLOCKS, _LEAST_BLOCK = 100, 10
_LEVEL = 0.001
"""How often a table whose rows are shuffled may have any change at all: the bound is split between its series."""
_SHARE, _RARE, _FACTOR = 0.1, 0.02, 3.0
"""A share changes by ten points; or by two points and threefold."""
_EFFECT = 0.5
"""Least difference of mean ranks in standard deviations: a middling effect (Cohen 1988)."""
_WIDER = 1.5
_FIFTH = 5


class Course(NamedTuple):
    """One thing about one column that is not the same at both ends."""

    name: str
    what: What
    value: str
    """Whose share it is; empty for others."""
    row: int | None
    """Position in the file of the first row after a step; None where it changes slowly."""
    before: float
    """Share, median (mean where the medians agree), or mean distance from the median nearby: before the step, or in
    the first fifth of the rows."""
    after: float
    """The same after it, or in the last fifth."""
    strength: float
    """The statistic over its bound."""
    means: bool
    """Whether a level is told as means."""


class _Series(NamedTuple):
    name: str
    what: What
    value: str
    score: Numbers
    """What is compared, in the order of time; no missing values."""
    told: Numbers
    """What a person is told: the cells, or the same as `score`."""
    rows: NDArray[np.int64]
    """Positions in the file."""


def courses(table: Table) -> list[Course]:
    """What changes along the rows, by time where the spec names the time column; the clearest first.

    The statistic is the largest absolute cumulative sum of a series (indicators, or ranks) at the borders of up
    to 100 blocks, over the square root of rows times variance. Of shuffled rows it exceeds c with a chance of at
    most 2 exp(-2 c²) (Massart, The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality, 1990), which is
    held below 0.001 for all series of the table together. The variance is the largest of that of the rows, of block
    means and of a first-order process around the fitted change, so neighbours that are alike do not pass for a
    change (Andrews, Heteroskedasticity and autocorrelation consistent covariance matrix estimation, 1991).
    """
    if len(table.sample) < _FEW or (table.asked.group and not table.asked.time):
        return []
    series = list(_all(table))
    bound = math.sqrt(math.log(2 * max(len(series), 1) / _LEVEL) / 2)
    found: dict[tuple[str, What], Course] = {}
    for one in series:
        change = None if (one.name, "level") in found and one.what == "spread" else _change(one, bound)
        there = found.get((one.name, one.what))
        if change and (there is None or change.strength > there.strength):
            found[one.name, one.what] = change
    return sorted(found.values(), key=lambda c: -c.strength)


def _all(table: Table) -> Iterator[_Series]:
    order = _order(table, table.sample)
    rows = table.sample[order]
    jumping = {jump.name for jump in jumps(table)}
    for name in (*table.features, *([table.target] if table.target else [])):
        column = table.columns[name]
        if name == table.target and column.missing:
            every = np.arange(0, table.rows, math.ceil(table.rows / SAMPLE))
            every = every[_order(table, every)]
            gone = table.frame[name].is_null().gather(every).to_numpy().astype(np.float64)
            yield _Series(name, "missing", "", gone, gone, every)
        elif column.missing:
            gone = table.sampled(name).is_null().to_numpy()[order].astype(np.float64)
            yield _Series(name, "missing", "", gone, gone, rows)
        amount = column.kind in ("number", "integer") and column.distinct > 2
        if amount and not (name == table.target and table.classes):
            if name not in jumping:
                yield from _of_amounts(name, table.numbers(name)[order], rows)
        elif column.kind != "time":
            yield from _of_values(table, name, order, rows)


def _order(table: Table, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in `rows`, by time where the spec names it; without those whose time is missing."""
    if not table.asked.time:
        return np.arange(len(rows))
    times = amounts(table.frame[table.asked.time].gather(rows))
    return np.argsort(times, kind="stable")[: int((~np.isnan(times)).sum())]


def _of_amounts(name: str, x: Numbers, rows: NDArray[np.int64]) -> Iterator[_Series]:
    known = np.isfinite(x)
    x, rows = x[known], rows[known]
    if len(x) < _FEW or (x[1:] >= x[:-1]).all() or (x[1:] <= x[:-1]).all():  # what only grows is a clock
        return
    yield _Series(name, "level", "", _ranks(x), x, rows)
    ends = _edges(len(x))
    middles = np.concatenate([np.full(b - a, np.median(x[a:b])) for a, b in pairwise(ends)])
    with np.errstate(over="ignore"):
        apart = np.abs(x - middles)
    if np.isfinite(apart).all():
        yield _Series(name, "spread", "", _ranks(apart), apart, rows)


def _of_values(table: Table, name: str, order: NDArray[np.int64], rows: NDArray[np.int64]) -> Iterator[_Series]:
    """The share of each frequent value among the cells that are there."""
    cells = table.sampled(name)
    there = cells.is_not_null().to_numpy()[order]
    counts = cells.drop_nulls().value_counts(sort=True, name="times").head(_FIFTH + 1).rows()
    often = [(value, times) for value, times in counts if times >= _RARE * len(rows)]
    for value, _ in often[1:] if len(counts) == 2 else often[:_FIFTH]:  # two shares say the same
        is_it = (cells == value).fill_null(False).to_numpy()[order][there].astype(np.float64)
        if len(is_it) >= _FEW:
            yield _Series(name, "share", str(value), is_it, is_it, rows[there])


def _change(series: _Series, bound: float) -> Course | None:
    score = series.score
    n, ends = len(score), _edges(len(score))
    variance = float(score.var())
    if n < _FEW or variance == 0.0:
        return None
    means = np.add.reduceat(score, ends[:-1]) / np.diff(ends)
    total = np.cumsum((means - score.mean()) * np.diff(ends))[:-1]
    at = int(np.abs(total).argmax())
    largest = float(np.abs(total[at])) / math.sqrt(n)
    if largest < bound * math.sqrt(variance):
        return None
    strength = (
        largest / bound / math.sqrt(max(variance, _long_run(means, at + 1, n), _in_a_row(score, int(ends[at + 1]))))
    )
    if strength < 1.0:
        return None
    near = np.abs(np.cumsum(score[: ends[at + 2]] - score.mean())[ends[at] :])
    cut = int(ends[at] + near.argmax()) + 1
    step = _is_step(score, cut)
    if not step and not _is_slow(means):
        return None
    sides = (slice(0, cut), slice(cut, n)) if step else (slice(0, n // _FIFTH), slice(n - n // _FIFTH, n))
    if not _worth(series, *sides):
        return None
    before, after = (float(np.mean(series.told[side])) for side in sides)
    middles = [float(np.median(series.told[side])) for side in sides]
    level = series.what == "level" and middles[0] != middles[1]
    before, after = middles if level else (before, after)
    row = int(series.rows[cut]) if step else None
    return Course(series.name, series.what, series.value, row, before, after, strength, not level)


def _worth(series: _Series, one: slice, other: slice) -> bool:
    """Whether the two sides differ by enough to be told."""
    score = series.score
    gap = abs(float(score[one].mean() - score[other].mean()))
    if series.what in ("share", "missing"):
        low, high = sorted((float(score[one].mean()), float(score[other].mean())))
        return gap >= _SHARE or (gap >= _RARE and high >= _FACTOR * low)
    if series.what == "spread":
        narrow, wide = sorted((float(series.told[one].mean()), float(series.told[other].mean())))
        return wide >= _WIDER * narrow
    return gap >= _EFFECT * float(score.std())


def _long_run(means: Numbers, cut: int, rows: int) -> float:
    """The variance of block means around a step or a line, whichever fits better, times the rows of a block."""
    rest = min(_around(means, cut), key=lambda r: float((r**2).sum()))
    found = [float((rest**2).mean()) * rows / len(means)]
    if len(rest) >= 4 * _FIFTH:
        wide = rest[: len(rest) // _FIFTH * _FIFTH].reshape(-1, _FIFTH).mean(1)
        found.append(float((wide**2).mean()) * rows / len(wide))
    return max(found)


def _in_a_row(score: Numbers, cut: int) -> float:
    """The variance of rows around a step or a line, as long as each tells its next one (of a first-order process)."""
    rest = min(_around(score, cut), key=lambda r: float((r**2).sum()))
    variance = float((rest**2).mean())
    if variance == 0.0:
        return 0.0
    alike = min(float((rest[1:] * rest[:-1]).mean()) / variance, 0.99)
    return variance * (1 + alike) / (1 - alike)


def _around(score: Numbers, cut: int) -> tuple[Numbers, Numbers]:
    """What is left of a step, and of a line."""
    k = np.arange(len(score)) - (len(score) - 1) / 2
    flat = score - score.mean()
    step = np.concatenate([score[:cut] - score[:cut].mean(), score[cut:] - score[cut:].mean()])
    return step, flat - float(k @ flat) / float(k @ k) * k


def _is_step(score: Numbers, cut: int) -> bool:
    """Whether the rows next to the cut differ as the sides do, and neither side moves."""
    before, after = score[:cut], score[cut:]
    shorter = min(len(before), len(after))
    if shorter < _LEAST_BLOCK:
        return False
    gap = abs(float(after.mean() - before.mean()))
    near = max(_LEAST_BLOCK, shorter // 4)
    there = abs(float(after[:near].mean() - before[-near:].mean()))
    moves = [abs(float(s[: len(s) // 2].mean() - s[len(s) // 2 :].mean())) for s in (before, after)]
    return there >= 0.7 * gap and max(moves) <= 0.35 * gap


def _is_slow(means: Numbers) -> bool:
    """Whether the middle fifth lies between the first and the last."""
    fifth = max(1, len(means) // _FIFTH)
    start = (len(means) - fifth) // 2
    first, middle, last = (float(means[s : s + fifth].mean()) for s in (0, start, len(means) - fifth))
    return first < middle < last or first > middle > last


def _edges(rows: int) -> NDArray[np.int64]:
    blocks = max(3, min(_BLOCKS, rows // _LEAST_BLOCK))
    return np.linspace(0, rows, blocks + 1).astype(np.int64)


def _ranks(x: Numbers) -> Numbers:
    """Mean ranks, from 0 to 1."""
    values, places, counts = np.unique(x, return_inverse=True, return_counts=True)
    del values
    return np.asarray(((np.cumsum(counts) - (counts + 1) / 2) / max(len(x) - 1, 1))[places])
