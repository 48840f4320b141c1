"""Rows that are equal in every feature and differ in the target: at least one of them has a wrong label.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [5, 6, 5, 7], "y": ["a", "b", "b", "a"]}, target="y"))
>>> found.counts, [e.row for e in found.examples]
({'rows': 2, 'sets of equal rows': 1, 'rows against the majority': 1}, [1, 3])
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding
from volvelle.data.table import Table, many

_MANY = 0.02


def find(table: Table) -> list[Finding]:
    """One finding for the table; only where the target is a class."""
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
    sets = apart.group_by(list(table.features)).agg(
        (pl.len() - pl.col(table.target).unique_counts().max()).alias("\0against")
    )
    against = int(sets["\0against"].sum())
    return [
        Finding(
            name="contradictions",
            severity="medium" if against > _MANY * table.rows else "low",
            sentence=f"{apart.height:,} rows in {many(sets.height, 'set')} of equal features have different labels: "
            f"no model gets more than all but {against:,} of {table.rows:,} rows right.",
            action="look at them: some labels may be wrong, or a feature is missing that tells them apart",
            counts={"rows": apart.height, "sets of equal rows": sets.height, "rows against the majority": against},
            examples=table.examples(apart["\0row"], list(table.features)[:4]),
        )
    ]
