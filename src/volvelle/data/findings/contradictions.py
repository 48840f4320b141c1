"""Rows that are equal in every feature and differ in the target: at least one of them has a wrong label.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [5, 6, 5, 7], "y": ["a", "b", "b", "a"]}, target="y"))
>>> found.counts, [e.row for e in found.examples]
({'rows': 2, 'sets of equal rows': 1}, [1, 3])
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding
from volvelle.data.table import Table

_MANY = 0.02


def find(table: Table) -> list[Finding]:
    """One finding for the table; only where the target is a class and there are two features or a number."""
    if not table.classes or not table.features:
        return []
    seen = table.frame.select(table.features)
    hashed = pl.DataFrame({"hash": seen.hash_rows(seed=0), "row": pl.int_range(table.rows, eager=True)})
    again = hashed.filter(~hashed["hash"].is_unique())["row"]
    near = table.frame[again].with_columns(pl.Series("\0row", again)).filter(pl.col(table.target).is_not_null())
    kinds = near.with_columns(pl.col(table.target).n_unique().over(list(table.features)).alias("\0kinds"))
    apart = kinds.filter(pl.col("\0kinds") > 1).sort("\0row")
    if not apart.height:
        return []
    sets = apart.select(table.features).n_unique()
    share = apart.height / table.rows
    return [
        Finding(
            name="contradictions",
            severity="medium" if share > _MANY else "low",
            sentence=f"{apart.height:,} rows ({share:.1%}) equal another row in every feature and have another label.",
            action="look at them: no model can get all of them right, and some labels may be wrong",
            counts={"rows": apart.height, "sets of equal rows": sets},
            examples=table.examples(apart["\0row"], list(table.features)[:4]),
        )
    ]
