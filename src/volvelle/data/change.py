"""Where the values of a column jump along the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from volvelle.data.table import Table

_BLOCKS = 40
_FEW = 60
_EFFECT = 0.8
"""Least difference of the two sides in standard deviations: a large effect (Cohen 1988)."""
_STRETCH = 1.5
"""The same for a stretch in the middle, which has two ends to be chosen, and for a change of units to be named."""
UNITS: tuple[tuple[float, float, str], ...] = (
    (1.8, 32.0, "°C became °F"),
    (1 / 1.8, -32 / 1.8, "°F became °C"),
    (1.0, 273.15, "°C became K"),
    (1.0, -273.15, "K became °C"),
    (1000.0, 0.0, "the unit became 1,000 times smaller"),
    (0.001, 0.0, "the unit became 1,000 times larger"),
    (100.0, 0.0, "the unit became 100 times smaller"),
    (0.01, 0.0, "the unit became 100 times larger"),
    (9.80665, 0.0, "g became m/s²"),
    (1 / 9.80665, 0.0, "m/s² became g"),
    (2.54, 0.0, "inches became cm"),
    (25.4, 0.0, "inches became mm"),
    (3.28084, 0.0, "metres became feet"),
    (0.3048, 0.0, "feet became metres"),
    (1.609344, 0.0, "miles became km"),
    (0.621371, 0.0, "km became miles"),
    (2.204623, 0.0, "kg became pounds"),
    (0.453592, 0.0, "pounds became kg"),
    (3.6, 0.0, "m/s became km/h"),
)
"""After = factor x before + offset."""


class Jump(NamedTuple):
    """One column that jumps."""

    name: str
    row: int
    """Position of the first row after the jump, in the order of the file."""
    effect: float
    """Difference of the two means in pooled standard deviations."""
    before: float
    """Median."""
    after: float
    unit: str
    """What change of units would explain it; empty for none."""
    back: int | None = None
    """Position of the row from which on it is as before; None where it stays."""


def jumps(table: Table) -> list[Jump]:
    """Columns with one jump along the rows, or one there and back, by time where the spec names the time column.

    The place is the split of the rows that explains most of the variance (Hawkins, Testing a sequence of
    observations for a shift in location, 1977), and for a stretch the two ends of the cumulative sum (Levin and
    Kline, The cusum test of homogeneity, 1985); a jump, unlike a trend, leaves the sides level.
    """
    order = np.arange(len(table.sample))
    if table.asked.time:
        order = np.argsort(table.numbers(table.asked.time), kind="stable")
    target = (table.target,) if table.target and not table.classes else ()
    names = [n for n in (*table.features, *target) if table.columns[n].kind in ("number", "integer")]
    found = []
    for name in names:
        if table.columns[name].distinct <= 2:
            continue
        x = table.numbers(name)[order]
        known = ~np.isnan(x)
        jump = _jump(name, x[known], table.sample[order][known])
        if jump is not None:
            found.append(jump)
    return found


def _jump(name: str, x: NDArray[np.float64], rows: NDArray[np.int64]) -> Jump | None:
    n = len(x)
    if n < _FEW or float(np.abs(x).max()) > 1e150 or x.min() == x.max():
        return None
    x0 = x - x.mean()
    k = np.arange(1, n)
    total = np.cumsum(x0)[:-1]
    between = total**2 / k + total**2 / (n - k)
    edge = max(10, n // _BLOCKS)
    between[:edge] = between[n - 1 - edge :] = 0.0
    at = int(between.argmax()) + 1
    before, after = x[:at], x[at:]
    spread = float(np.sqrt((before.var() * at + after.var() * (n - at)) / n))
    gap = abs(float(after.mean() - before.mean()))
    effect = gap / spread if spread > 0 else float("inf")
    if effect >= _EFFECT and _level(before, after, gap):
        unit = _unit(before, after) if effect >= _STRETCH else ""
        return Jump(name, int(rows[at]), effect, float(np.median(before)), float(np.median(after)), unit)
    return _stretch(name, x, rows, total)


def _stretch(name: str, x: NDArray[np.float64], rows: NDArray[np.int64], total: NDArray[np.float64]) -> Jump | None:
    """A stretch of rows in the middle that lies apart from all others, which are level."""
    start, end = sorted((int(total.argmin()) + 1, int(total.argmax()) + 1))
    near = min(start, end - start, len(x) - end) // 4
    if near < 10:
        return None
    inside, outside = x[start:end], np.concatenate([x[:start], x[end:]])
    gap = abs(float(inside.mean() - outside.mean()))
    spread = float(np.sqrt((inside.var() * len(inside) + outside.var() * len(outside)) / len(x)))
    there = abs(float(x[start : start + near].mean() - x[start - near : start].mean()))
    back = abs(float(x[end : end + near].mean() - x[end - near : end].mean()))
    apart = abs(float(x[:start].mean() - x[end:].mean()))
    if gap < _STRETCH * spread or min(there, back) < 0.7 * gap or apart > 0.35 * gap:
        return None
    effect = gap / spread if spread > 0 else float("inf")
    middles = float(np.median(outside)), float(np.median(inside))
    return Jump(name, int(rows[start]), effect, *middles, _unit(outside, inside), int(rows[end]))


def _level(before: NDArray[np.float64], after: NDArray[np.float64], gap: float) -> bool:
    """Whether the step lies at this place: the rows next to it differ as the sides do, and neither side drifts."""
    near = max(10, min(len(before), len(after)) // 4)
    step = abs(float(after[:near].mean() - before[-near:].mean()))
    drifts = [abs(float(s[: len(s) // 2].mean() - s[len(s) // 2 :].mean())) for s in (before, after)]
    return step >= 0.7 * gap and max(drifts) <= 0.35 * gap


def _unit(before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
    """The change of units that brings the two sides together in place and width."""
    shares = (0.1, 0.25, 0.5, 0.75, 0.9)
    old, new = np.quantile(before, shares), np.quantile(after, shares)
    width = float(new[-1] - new[0])
    best, name = 0.2, ""
    for factor, offset, words in UNITS:
        made = factor * old + offset
        made_width = float(made[-1] - made[0])
        if width <= 0 or made_width <= 0 or not 0.75 <= made_width / width <= 1.33:
            continue
        miss = float(np.abs(made - new).max()) / width
        if miss < best:
            best, name = miss, words
    return name
