"""Times that go back, are repeated, or leave gaps in an otherwise regular series.

>>> from volvelle.data.table import Table
>>> from datetime import datetime, timedelta, UTC
>>> hours = [*range(40, 60), *range(0, 20), *range(20, 37), 39, 39, 62]
>>> [found] = find(Table.of({"t": [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=h) for h in hours]}))
>>> found.sentence
"'t' goes back at 1 row, repeats a time at 1 row, leaves 2 gaps in steps of 1 h, the longest 3 h."
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.data.finding import Finding
from volvelle.data.table import Table, amounts, many
from volvelle.spec.write import value

_FEW = 20
_ODD = 0.1
"""Largest share of rows that go back or repeat a time: beyond it the rows are no series, or several."""
_REGULAR = 0.5
_GAP = 1.5
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


def find(table: Table) -> list[Finding]:
    """Low, one a column of times, or the column that orders the rows; nothing where rows come in groups."""
    if table.asked.group or table.rows < _FEW:
        return []
    stamps = [n for n in table.columns if table.columns[n].kind == "time" and n not in table.asked.ignore]
    ordering = [table.asked.time] if table.asked.time in table.columns and table.asked.time not in stamps else []
    return [found for name in (*stamps, *filter(None, ordering)) for found in _one(table, name)]


def _one(table: Table, name: str) -> list[Finding]:
    if not (table.columns[name].kind == "time" or table.numeric(name)):
        return []
    seconds = amounts(table.frame[name])
    rows = np.flatnonzero(~np.isnan(seconds))
    steps = np.diff(seconds[rows])
    back, again = np.flatnonzero(steps < 0), _repeated(seconds[rows])
    if len(rows) < _FEW or len(back) > _ODD * len(rows) or len(again) > _ODD * len(rows):
        return []
    usual, gaps = _gaps(np.unique(seconds[rows]))
    told = []
    if len(back):
        told.append(f"goes back at {many(len(back), 'row')}")
    if len(again):
        told.append(f"repeats a time at {many(len(again), 'row')}")
    if len(gaps):
        unit = _span if table.columns[name].kind == "time" else "{:g}".format
        told.append(f"leaves {many(len(gaps), 'gap')} in steps of {unit(usual)}, the longest {unit(float(gaps.max()))}")
    if not told:
        return []
    odd = sorted({int(rows[i + 1]) for i in back} | {int(rows[i]) for i in again})
    return [
        Finding(
            name="times",
            severity="low",
            columns=(name,),
            sentence=f"{name!r} {', '.join(told)}.",
            action="find out whether rows are lost, doubled or out of order",
            counts={"back": len(back), "repeated": len(again), "gaps": len(gaps)},
            examples=table.examples(odd, [name]),
            overrule="" if table.asked.time else f"[data] time = {value(name)}",
        )
    ]


def _repeated(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of all but the first row of each time."""
    first = np.unique(seconds, return_index=True)[1]
    return np.setdiff1d(np.arange(len(seconds)), first)


def _gaps(times: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The usual step and the longer ones, where most steps are the usual one."""
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else 0.0
    regular = usual > 0 and np.mean(np.isclose(steps, usual, rtol=0.01)) >= _REGULAR
    return usual, steps[steps > _GAP * usual] if regular else steps[:0]


def _span(seconds: float) -> str:
    """
    >>> _span(5400), _span(0.25), _span(259200)
    ('1.5 h', '0.25 s', '3 d')
    """
    size, unit = next(((s, u) for s, u in _UNITS if seconds >= s), (1.0, "s"))
    return f"{seconds / size:.4g} {unit}"
