"""Missing cells in disguise: words such as 'unknown', and numbers such as -200 or 999 far from all others.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [1.0, 2.0, 3.0, 4.0, 5.0] * 4 + [-200.0] * 4}))
>>> found.sentence
"'x' is -200 in 4 rows, far from all other values (1 to 5): it probably means 'missing'."
"""

from __future__ import annotations

import numpy as np

from volvelle.data.finding import Finding
from volvelle.data.table import Table, amounts

_WORDS = (
    "?|-|--|.|..|...|*|/|x|na|n/a|n.a.|n.a|#n/a|nan|nil|null|none|missing|unknown|not available|not known|not applicable"
    "|unspecified|undefined|empty|blank|no data|keine angabe|tbd|dk"
).split("|")
_NAMED = {-1.0, -9.0, -88.0, -99.0, -100.0, -200.0, 0.0, 88.0, 99.0, 9999999.0}
_NAMED |= {float(sign * int("9" * n)) for sign in (1, -1) for n in range(3, 9)}
_FEW = 3
_STEPS = 5.0
"""A gap is wider than so many usual steps between neighbouring values."""
_SHARE = 0.005
"""A value that is on no list must hold so many of the rows to be a spike."""


def find(table: Table) -> list[Finding]:
    """One finding a column and value."""
    found = []
    for name in (*table.features, *filter(None, [table.target])):
        if table.columns[name].kind == "category":
            found += _words(table, name)
        elif table.columns[name].kind in ("number", "integer") and table.columns[name].distinct > 5:
            found += _spikes(table, name)
    return found


def _words(table: Table, name: str) -> list[Finding]:
    cells = table.frame[name]
    if table.columns[name].distinct > 1000 or not any(c.value.lower() in _WORDS for c in table.columns[name].top):
        return []
    hidden = cells.str.strip_chars().str.to_lowercase().is_in(_WORDS)
    count = int(hidden.sum())
    texts = sorted({str(v) for v in cells.filter(hidden).unique()})
    return [
        Finding(
            name="disguised",
            severity="medium" if count > table.rows * 0.05 else "low",
            columns=(name,),
            sentence=f"{name!r} says {', '.join(map(repr, texts[:3]))} in {count:,} rows, which may mean 'missing'.",
            action="decide whether that is an answer or a missing one",
            counts={"cells": count, "rows": table.rows},
            examples=table.examples(table.where(hidden), [name]),
            overrule=table.line("missing", *texts),
        )
    ]


def _spikes(table: Table, name: str) -> list[Finding]:
    column = table.columns[name]
    ends = {column.low, column.high, *(_NAMED if _holds_named(column.low, column.high) else ())}
    found = []
    cells = table.frame[name]
    for mark in sorted(end for end in ends if end is not None and (column.low or 0) <= end <= (column.high or 0)):
        hidden = cells == mark
        count = int(hidden.sum() or 0)
        if count < (_FEW if mark in _NAMED else max(_FEW + 2, _SHARE * table.rows)):
            continue
        if mark == 0 and count > table.rows / 2:
            continue
        # The fences of the others are known well enough from a sample.
        others = amounts(cells.filter(~hidden & cells.is_not_null()).gather_every(max(1, table.rows // 100_000)))
        if len(others) < 10 or not _far(mark, others):
            continue
        low, high = float(others.min()), float(others.max())
        found.append(
            Finding(
                name="disguised",
                severity="medium",
                columns=(name,),
                sentence=f"{name!r} is {mark:g} in {count:,} rows, far from all other values ({low:g} to {high:g}): "
                "it probably means 'missing'.",
                action=f"have {mark:g} read as missing (in every column)",
                counts={"cells": count, "rows": table.rows},
                examples=table.examples(table.where(hidden), [name]),
                overrule=table.line("missing", f"{mark:.15g}", *([str(mark)] if column.kind == "number" else [])),
            )
        )
    return found


def _holds_named(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and any(low <= mark <= high for mark in _NAMED)


def _far(mark: float, others: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Beyond all but one in a thousand of the others, and a gap away from the nearest; zero only below positives."""
    distinct = np.unique(others)
    gap = float(np.abs(distinct - mark).min())
    if len(distinct) < 3 or gap <= _STEPS * float(np.median(np.diff(distinct))):
        return False
    least, first, third, most = np.quantile(others, (0.001, 0.25, 0.75, 0.999))
    room = float(third - first) or float(others.max() - others.min()) / 20
    if mark == 0:
        return bool(others.min() > 0 and least > 0.5 * room)
    return bool(mark < least - 0.5 * room or mark > most + 0.5 * room)
