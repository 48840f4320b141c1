"""Neighbouring rows whose answers are alike, as in a series of measurements: a random split flatters the model.

A test row between two training rows that lie half an hour away is not new. Classes are compared by the share of
neighbours that agree, beyond chance; amounts by the correlation of neighbours.

Source: Roberts et al., Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
structure, Ecography 40, 2017.

>>> from volvelle.data.table import Table
>>> wave = [abs(k % 40 - 20) for k in range(200)]
>>> [found] = find(Table.of({"day": list(range(200)), "y": wave}, target="y", task="regression"))
>>> found.severity, found.overrule
('medium', '[data] time = "day"')
"""

from __future__ import annotations

import math

from volvelle.data.dependence import fits
from volvelle.data.finding import Finding
from volvelle.data.table import STAMP, Table, amounts, words
from volvelle.spec.write import value

_FEW = 100
_ALIKE = 0.5
"""Correlation, or agreement beyond chance, from which on neighbours are alike."""
_SORTED = 0.95
"""From this agreement on, classes come in a few blocks, which the finding `order` tells."""
_CHANGES = 20
"""Fewer changes of class than this, were the order random, prove nothing."""
_TIMES = 10


def find(table: Table) -> list[Finding]:
    """Medium where neighbours are alike; low where only a time orders the rows. Nothing where the spec names both."""
    if not table.target or table.asked.time or table.asked.group or table.rows < _FEW:
        return []
    how, alike = _alike(table)
    clock = _clock(table)
    told = alike >= _ALIKE and (bool(clock) or alike < _SORTED or not table.classes)
    if not told and not clock:
        return []
    said = [f"{table.target!r} of neighbouring rows is alike ({how})"] if told else []
    said += [f"{clock!r} orders the rows"] if clock else []
    why = ": a random split asks about rows whose neighbours were learnt" if told else ""
    by_time = (
        "split by time: the newest rows become the test side"
        if told
        else "if later rows are asked about, split by time"
    )
    search = "find out what orders the rows (a time, a place, a recording), and name a time or a group column"
    return [
        Finding(
            name="neighbours",
            severity="medium" if told else "low",
            columns=tuple(filter(None, (table.target, clock))),
            sentence=f"{', and '.join(said)}{why}.",
            action=by_time if clock else search,
            counts={"rows": table.rows},
            examples=table.examples(range(table.rows // 2, table.rows), [clock] if clock else []),
            overrule=f"[data] time = {value(clock)}" if clock else "",
        )
    ]


def _alike(table: Table) -> tuple[str, float]:
    """Words for how the answers of a row and of the next agree, and 0 for not at all to 1 for always."""
    rows = table.sample[table.sample + 1 < table.rows]
    here, there = (table.frame[table.target].gather(rows + step) for step in (0, 1))
    if not table.classes:
        fit = math.sqrt(fits(amounts(here), amounts(there)))
        return f"correlation {fit:.2f}", fit
    both = here.is_not_null() & there.is_not_null()
    here, there = here.filter(both), there.filter(both)
    chance = float((here.value_counts(normalize=True, name="share")["share"] ** 2).sum())
    if (1 - chance) * len(here) < _CHANGES:
        return "", 0.0
    equal = float((here == there).sum()) / len(here)
    return f"equal in {equal:.0%}, where chance gives {chance:.0%}", (equal - chance) / (1 - chance)


def _clock(table: Table) -> str:
    """A column that is, or is called, a time, and by which the file is sorted; empty where there is none."""
    found = ""
    for name in table.features:
        column = table.columns[name]
        timed = column.kind == "time" or (column.kind in ("integer", "number") and STAMP.intersection(words(name)))
        if not timed or column.missing or column.distinct < _TIMES:
            continue
        cells = table.frame[name]
        rises = cells.is_sorted() or cells.is_sorted(descending=True)
        if rises and (not found or column.distinct > table.columns[found].distinct):
            found = name
    return found
