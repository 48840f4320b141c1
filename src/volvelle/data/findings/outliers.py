"""Amounts that lie very far from the middle half of their column.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [1.0, 2.0, 3.0, 4.0] * 10 + [500.0]}))
>>> found.counts, found.examples[0].row
({'cells': 1, 'rows': 41}, 41)
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.table import Table, many
from volvelle.spec.write import name as key

_FENCES = 10.0
_RARE = 0.01
"""What is farther out in more rows than this is a tail, not an outlier."""


def find(table: Table) -> list[Finding]:
    """Low: beyond ten times the inter-quartile range (Tukey's far-out fence is three) in at most 1 % of rows."""
    found = []
    for name in (*table.features, *filter(None, [table.target])):
        column = table.columns[name]
        if column.kind not in ("number", "integer") or column.distinct <= 3 or len(column.quartiles) != 3:
            continue
        if name == table.target and table.classes:
            continue
        first, middle, third = column.quartiles
        low, high = first - _FENCES * (third - first), third + _FENCES * (third - first)
        if first == third or ((column.low or 0) >= low and (column.high or 0) <= high):
            continue
        far = (table.frame[name] < low) | (table.frame[name] > high)
        count = int(far.sum() or 0)
        if count > _RARE * table.rows and count > 1:
            continue
        found.append(
            Finding(
                name="outliers",
                severity="low",
                columns=(name,),
                sentence=f"{name!r} lies beyond {low:.4g} to {high:.4g} in {many(count, 'row')}; "
                f"its median is {middle:.4g}.",
                action="check those rows; where the values are right, clip them",
                counts={"cells": count, "rows": table.rows},
                examples=table.examples(table.where(far), [name]),
                overrule=f'[features.{key(name)}] steps = ["impute_median", "clip_outliers", "scale_standard"]'
                if name != table.target
                else "",
            )
        )
    return found
