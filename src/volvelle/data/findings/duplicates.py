"""Rows that equal an earlier row in every column.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [5, 6, 5, 5], "y": [0, 1, 0, 0]}, target="y"))
>>> found.counts, [e.row for e in found.examples]
({'equal rows': 2, 'rows': 4}, [3, 4])
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.profile import equal_rows
from volvelle.data.table import Table

_MANY = 0.05


def find(table: Table) -> list[Finding]:
    """One finding for the table."""
    again = equal_rows(table.frame)
    if not again.height:
        return []
    share = again.height / table.rows
    return [
        Finding(
            name="duplicates",
            severity="medium" if share > _MANY else "low",
            sentence=f"{again.height:,} of {table.rows:,} rows ({share:.1%}) equal an earlier row; "
            f"row {again['row'][0] + 1:,} equals row {again['first'][0] + 1:,}.",
            action="find out whether they are one observation written twice; the split keeps equal rows on one side",
            counts={"equal rows": again.height, "rows": table.rows},
            examples=table.examples(again["row"], list(table.features)[:3]),
        )
    ]
