"""A file sorted by its target: rows come in blocks of one class, or grow.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [1, 2] * 30, "y": ["a"] * 30 + ["b"] * 30}, target="y"))
>>> found.sentence
"the file is sorted by 'y': 2 blocks of equal labels in 60 rows, where chance would give about 30."
"""

from __future__ import annotations

import numpy as np

from volvelle.data.finding import Finding
from volvelle.data.table import Table

_FEW = 30
_BLOCKS = 0.05
"""Share of the expected number of blocks (Wald and Wolfowitz, On a test whether two samples ..., 1940)."""


def find(table: Table) -> list[Finding]:
    """Medium: every column that grows with the rows tells the target too."""
    if not table.target or table.asked.time or table.rows < _FEW or table.columns[table.target].distinct < 2:
        return []
    cells = table.frame[table.target].drop_nulls()
    if not table.classes:
        if not (cells.is_sorted() or cells.is_sorted(descending=True)):
            return []
        sentence = f"the file is sorted by {table.target!r}."
    else:
        blocks = int((cells != cells.shift(1)).fill_null(False).sum()) + 1
        shares = np.array(cells.value_counts()["count"], dtype=np.float64) / len(cells)
        expected = 1 + (len(cells) - 1) * (1 - float((shares**2).sum()))
        if blocks > _BLOCKS * expected and not (blocks == len(shares) and expected >= 2 * blocks):
            return []
        sentence = (
            f"the file is sorted by {table.target!r}: {blocks:,} blocks of equal labels in {len(cells):,} rows, "
            f"where chance would give about {expected:,.0f}."
        )
    return [
        Finding(
            name="order",
            severity="medium",
            columns=(table.target,),
            sentence=sentence,
            action="set aside what counts the rows; if each block is one recording, name a group column",
            counts={"rows": len(cells)},
            examples=table.examples((0, table.rows // 2, table.rows - 1), []),
        )
    ]
