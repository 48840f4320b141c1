"""Columns with one value, or with one value in almost every row.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [1, 1, 1], "y": [0, 1, 0]}, target="y"))
>>> found.sentence, found.overrule
("'x' is '1' in every row.", '[data] ignore = ["x"]')
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding
from volvelle.data.table import Table

_NEARLY = 0.998
_BUT_ONE = 50
"""From so many rows on, all but one is nearly all."""


def find(table: Table) -> list[Finding]:
    """Low for a feature: it is left out anyway; high for the target."""
    found = []
    for name in (*table.features, *filter(None, [table.target])):
        column = table.columns[name]
        if column.missing == table.rows or column.distinct > 50:
            continue
        text = table.frame[name].cast(pl.String).alias("value")
        counts = text.value_counts().sort(by=["count", "value"], descending=[True, False])
        most, count = counts.row(0)
        nearly = count >= _NEARLY * table.rows or (count == table.rows - 1 and table.rows >= _BUT_ONE)
        if not nearly or (name == table.target and not column.constant):
            continue
        shown = "missing" if most is None else repr(most)
        few = f"all but {table.rows - count:,} of {table.rows:,} rows" if count < table.rows else "every row"
        found.append(
            Finding(
                name="constant",
                severity="high" if name == table.target else "low",
                columns=(name,),
                sentence=f"{name!r} is {shown} in {few}.",
                action="collect rows of another class" if name == table.target else "set the column aside",
                counts={"rows with it": int(count), "rows": table.rows},
                examples=table.examples(table.where(text.ne_missing(most)) or range(3), [name]),
                overrule="" if name == table.target else table.line("ignore", name),
            )
        )
    return found
