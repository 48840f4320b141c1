"""Classes of the target that are rare, or have too few rows to judge a model by.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": list(range(100)), "y": ["no"] * 96 + ["yes"] * 4}, target="y"))
>>> found.severity, found.sentence
('high', "'yes' has 4 of 100 rows (4.0%); always answering 'no' is right in 96.0%.")
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding, Severity
from volvelle.data.table import Table

_RARE = 0.2
_FEW = 20


def find(table: Table) -> list[Finding]:
    """High under 20 rows in a class, medium under a tenth of the even share, low under half of it."""
    if not table.classes or table.columns[table.target].constant:
        return []
    text = table.frame[table.target].drop_nulls().cast(pl.String).alias("value")
    counts = text.value_counts().sort(by=["count", "value"], descending=[True, False])
    known, (most, top), (least, few) = len(text), counts.row(0), counts.row(-1)
    share, even = few / known, 1 / len(counts)
    if few >= _FEW and share >= _RARE * even * 2:
        return []
    severity: Severity = "high" if few < _FEW else "medium" if share < _RARE * even else "low"
    where = pl.col(table.target).cast(pl.String) == least
    return [
        Finding(
            name="balance",
            severity=severity,
            columns=(table.target,),
            sentence=f"{least!r} has {few:,} of {known:,} rows ({share:.1%}); always answering {most!r} is right "
            f"in {top / known:.1%}.",
            action="collect more of it; judge by recall, precision or ROC-AUC, never by accuracy alone",
            counts={"rows of the rarest class": few, "rows of the most frequent": top, "classes": len(counts)},
            examples=table.examples(table.where(table.frame.select(where).to_series()), []),
        )
    ]
