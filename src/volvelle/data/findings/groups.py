"""Columns that look like groups (a patient, an engine, a recording): a random split would put one on both sides.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"engine": [k // 10 for k in range(100)], "x": [k * 7 % 100 for k in range(100)]}))
>>> found.counts, found.overrule
({'groups': 10, 'rows': 100}, '[data] group = "engine"')
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.table import Table, words
from volvelle.spec.write import value

_NAMES = set(
    "id subject patient person user customer client household family machine engine unit device sensor session "
    "recording batch plant store shop site station speaker author driver vehicle animal group".split()
)
_FEW = 5


def find(table: Table) -> list[Finding]:
    """Medium for a column in blocks that is named like a group; low where only one of both holds."""
    if table.asked.group:
        return []
    found = []
    for name in table.features:
        column = table.columns[name]
        if column.kind not in ("integer", "category") or column.missing:
            continue
        if not _FEW <= column.distinct <= table.rows / 3:
            continue
        cells = table.frame[name]
        named = bool(_NAMES.intersection(words(name)[-1:]))
        blocks = int((cells != cells.shift(1)).fill_null(False).sum()) + 1
        whole = blocks == column.distinct
        if not named and not (whole and column.distinct >= 2 * _FEW):
            continue
        found.append(
            Finding(
                name="groups",
                severity="medium" if named and whole else "low",
                columns=(name,),
                sentence=f"{name!r} has {column.distinct:,} values in {table.rows:,} rows"
                + (", each in one block of rows" if whole else "")
                + ": a random split puts rows of one on both sides.",
                action="if rows of one value belong together, name it the group",
                counts={"groups": column.distinct, "rows": table.rows},
                examples=table.examples(range(0, table.rows, max(1, table.rows // 5)), [name]),
                overrule=f"[data] group = {value(name)}",
            )
        )
    return found
