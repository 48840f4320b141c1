"""Values that cannot be: outside the declared range, ages of 250, a few negatives among positives.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"age": [33, 41, 250, 27, -5]}))
>>> found.sentence, [e.row for e in found.examples]
("'age' has 2 values outside 0 to 120.", [3, 5])
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.table import Table, many, words
from volvelle.spec.requirements import FeatureSpec
from volvelle.spec.write import name as key

_RANGES = {
    "age": (0.0, 120.0),
    "latitude": (-90.0, 90.0),
    "lat": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "humidity": (0.0, 100.0),
    "percent": (-100.0, 1000.0),
}
"""What a column of that name can hold; a spec that declares a range overrules it."""
_FEW = 0.01
_MARKS = 3
"""So many equal values outside a declared range are a mark for 'missing', which the range was declared for."""


def find(table: Table) -> list[Finding]:
    """High outside a declared range unless it is one mark, medium where the name or the other rows say so."""
    found = []
    for name in (*table.features, *filter(None, [table.target])):
        column = table.columns[name]
        if column.kind not in ("number", "integer") or column.low is None or column.high is None:
            continue
        declared = table.asked.features.get(name, FeatureSpec())
        low, high = declared.low, declared.high
        stated = low is not None or high is not None
        parts = words(name)
        if not stated and parts and parts[-1] in _RANGES:
            low, high = _RANGES[parts[-1]]
        elif not stated:
            low = _all_positive(table, name)
        low, high = (-1e999 if low is None else low), (1e999 if high is None else high)
        wrong = (table.frame[name] < low) | (table.frame[name] > high)
        count = int(wrong.sum() or 0)
        if not count:
            continue
        if stated and count >= _MARKS and table.frame[name].filter(wrong).n_unique() == 1:
            found.append(_marked(table, name, float(table.frame[name].filter(wrong)[0]), count))
            continue
        bounds = f"outside {low:g} to {high:g}" if high < 1e999 else f"below {low:g}, where all others are above"
        found.append(
            Finding(
                name="invalid",
                severity="high" if stated else "medium",
                columns=(name,),
                sentence=f"{name!r} has {many(count, 'value')} {bounds}.",
                action="correct them, or make them missing" if stated else "declare what is valid, and correct them",
                counts={"cells": count, "rows": table.rows},
                examples=table.examples(table.where(wrong), [name]),
                overrule=_declared(name, low, high, column.low, column.high),
            )
        )
    return found


def _marked(table: Table, name: str, mark: float, count: int) -> Finding:
    return Finding(
        name="invalid",
        severity="low",
        columns=(name,),
        sentence=f"{name!r} is {mark:g} in {many(count, 'row')}, outside the declared range: it counts as missing.",
        action="leave it so",
        counts={"cells": count, "rows": table.rows},
        examples=table.examples(table.where(table.frame[name] == mark), [name]),
    )


def _declared(name: str, low: float, high: float, least: float, most: float) -> str:
    """The range that would have to be valid, were all values right."""
    lines = [f"low = {least:g}"] if least < low else []
    return "\n".join([f"[features.{key(name)}]", *lines, *([f"high = {most:g}"] if most > high else [])])


def _all_positive(table: Table, name: str) -> float | None:
    """0 where at most 1 % of many values are negative and the others well above zero."""
    column = table.columns[name]
    if (column.low or 0) >= 0 or column.distinct <= 5 or len(column.quartiles) != 3 or column.quartiles[0] <= 0:
        return None
    below = int((table.frame[name] < 0).sum() or 0)
    return 0.0 if below <= _FEW * table.rows and below <= 50 else None
