"""Missing cells in disguise: words such as 'unknown', and numbers such as -200 or 999 far from all others.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [1.0, 2.0, 3.0, 4.0, 5.0] * 4 + [-200.0] * 4}))
>>> found.sentence
"'x' is -200 in 4 rows, far from all other values (1 to 5): it probably means 'missing'."
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from volvelle.data.finding import Finding
from volvelle.data.table import Table, amounts, many
from volvelle.spec.requirements import FeatureSpec
from volvelle.spec.write import name as key

_WORDS = (
    "?|-|--|.|..|...|*|/|na|n/a|n.a.|n.a|#n/a|nan|nil|null|none|missing|unknown|not available|not known"
    "|not applicable|unspecified|undefined|empty|blank|no data|keine angabe|tbd|dk"
).split("|")
_NAMED = {-1.0, -9.0, -88.0, -99.0, -100.0, -200.0, 0.0, 88.0, 99.0, 9999999.0}
_NAMED |= {float(sign * int("9" * n)) for sign in (1, -1) for n in range(3, 9)}
_FEW = 3
_COLUMNS = 3
"""A mark in more columns than this is one that the whole table uses."""
_HUGE = 1e150
_OFTEN = 0.05
_STEPS = 5.0
"""A gap is wider than so many usual steps between neighbouring values."""
_SHARE = 0.005
"""A value that is on no list must hold so many of the rows to be a spike."""


class Spike(NamedTuple):
    """A number far from all others of its column."""

    name: str
    mark: float
    rows: int
    low: float
    """Lowest of the others."""
    high: float


def find(table: Table) -> list[Finding]:
    """One finding for each word and each number, whatever columns it stands in."""
    spoken: dict[str, dict[str, int]] = {}
    spikes: dict[float, list[Spike]] = {}
    for name in (*table.features, *filter(None, [table.target])):
        if table.columns[name].kind == "category":
            for word, count in _words(table, name).items():
                spoken.setdefault(word, {})[name] = count
        elif table.columns[name].kind in ("number", "integer") and table.columns[name].distinct > 5:
            for spike in _spikes(table, name):
                spikes.setdefault(spike.mark, []).append(spike)
    found = [_spoken(table, word, counts) for word, counts in spoken.items()]
    return found + [_told(table, mark, together) for mark, together in spikes.items()]


def _words(table: Table, name: str) -> dict[str, int]:
    """Words of a column that may mean 'missing', as they are written, and their rows."""
    column = table.columns[name]
    if column.distinct > 1000:
        return {}
    if column.distinct <= len(column.top):
        found = {v.value: v.count for v in column.top if v.value.strip().lower() in _WORDS}
    else:
        cells = table.frame[name]
        counts = cells.filter(cells.str.strip_chars().str.to_lowercase().is_in(_WORDS)).alias("value").value_counts()
        found = {str(word): int(count) for word, count in counts.sort("value").rows()}
    answers = table.asked.features.get(name, FeatureSpec()).categories
    return {word: count for word, count in found.items() if word not in answers}


def _spoken(table: Table, word: str, counts: dict[str, int]) -> Finding:
    most = max(counts, key=lambda name: counts[name])
    more = f" and so in {many(len(counts) - 1, 'more column')}" if len(counts) > 1 else ""
    return Finding(
        name="disguised",
        severity="medium" if counts[most] > _OFTEN * table.rows else "low",
        columns=tuple(counts),
        sentence=f"{most!r} says {word!r} in {many(counts[most], 'row')}{more}, which may mean 'missing'.",
        action="decide whether that is an answer or a missing one",
        counts={"cells": sum(counts.values()), "rows": table.rows},
        examples=table.examples(table.where(table.frame[most] == word), [most]),
        overrule=table.line("missing", word),
    )


def _spikes(table: Table, name: str) -> list[Spike]:
    column = table.columns[name]
    ends = {column.low, column.high, *(_NAMED if _holds_named(column.low, column.high) else ())}
    found = []
    cells = table.frame[name]
    declared = table.asked.features.get(name, FeatureSpec())
    for mark in sorted(end for end in ends if end is not None and (column.low or 0) <= end <= (column.high or 0)):
        if (declared.low is not None and mark < declared.low) or (declared.high is not None and mark > declared.high):
            continue
        hidden = cells == mark
        count = int(hidden.sum() or 0)
        if count < (_FEW if mark in _NAMED else max(_FEW + 2, _SHARE * table.rows)):
            continue
        if mark == 0 and count > table.rows / 2:
            continue
        # The fences of the others are known well enough from a part of them.
        others = amounts(cells.filter(~hidden & cells.is_not_null()).gather_every(max(1, table.rows // 100_000)))
        if len(others) >= 10 and _far(mark, others):
            found.append(Spike(name, mark, count, float(others.min()), float(others.max())))
    return found


def _told(table: Table, mark: float, spikes: list[Spike]) -> Finding:
    first = spikes[0]
    names = tuple(s.name for s in spikes)
    more = f" (and so in {len(spikes) - 1} more columns)" if len(spikes) > 1 else ""
    guess = "it probably means 'missing'" if mark in _NAMED - {0.0} else "it may mean 'none', or 'missing'"
    return Finding(
        name="disguised",
        severity="high" if table.target in names else "medium",
        columns=names,
        sentence=f"{first.name!r} is {mark:g} in {many(first.rows, 'row')}, far from all other values "
        f"({first.low:g} to {first.high:g}){more}: {guess}.",
        action=f"have {mark:g} read as missing",
        counts={"cells": sum(s.rows for s in spikes), "rows": table.rows},
        examples=table.examples(table.where(table.frame[first.name] == mark), names),
        overrule=_proposal(table, mark, spikes),
    )


def _proposal(table: Table, mark: float, spikes: list[Spike]) -> str:
    """A range that leaves the mark out, column by column; a marker where it stands in many and means nothing else."""
    names = [spike.name for spike in spikes]
    if table.target in names or len(names) > _COLUMNS:
        others = (n for n, c in table.columns.items() if c.kind in ("number", "integer") and n not in names)
        if not any((table.frame[name] == mark).any() for name in others):
            real = (str(mark) for name in names if table.columns[name].kind == "number")
            return table.line("missing", *sorted({f"{mark:.15g}", *real}))
    return "\n".join(_range(table, mark, spike) for spike in spikes if spike.name != table.target)


def _range(table: Table, mark: float, spike: Spike) -> str:
    side, nearest = ("low", spike.low) if mark < spike.low else ("high", spike.high)
    whole = table.columns[spike.name].kind == "integer"
    bound = f"{mark + (1 if side == 'low' else -1):.15g}" if whole else f"{mark + (nearest - mark) / 2:.4g}"
    return f"[features.{key(spike.name)}]\n{side} = {bound}"


def _holds_named(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and any(low <= mark <= high for mark in _NAMED)


def _far(mark: float, others: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Beyond all but one in a thousand of the others, and a gap away from the nearest; zero only below positives."""
    distinct = np.unique(others)
    if abs(mark) > _HUGE or max(-distinct[0], distinct[-1]) > _HUGE:
        return False
    gap = float(np.abs(distinct - mark).min())
    if len(distinct) < 3 or gap <= _STEPS * float(np.median(np.diff(distinct))):
        return False
    least, first, third, most = np.quantile(others, (0.001, 0.25, 0.75, 0.999))
    room = float(third - first) or float(others.max() - others.min()) / 20
    if mark == 0:
        return bool(others.min() > 0 and least > 0.5 * room)
    return bool(mark < least - 0.5 * room or mark > most + 0.5 * room)
