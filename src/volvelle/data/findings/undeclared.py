"""Values that the spec does not allow: a category outside the declared list, or another kind than declared.

>>> from volvelle.data.table import Table
>>> from volvelle.spec.requirements import FeatureSpec
>>> declared = {"size": FeatureSpec(categories=("S", "L"))}
>>> [found] = find(Table.of({"size": ["S", "L", "XXL"]}, features=declared))
>>> found.sentence
"'size' has 1 cell with a category that is not declared: 'XXL'."
"""

from __future__ import annotations

import polars as pl

from volvelle.data.finding import Finding
from volvelle.data.table import Table
from volvelle.spec.write import name as key
from volvelle.spec.write import value


def find(table: Table) -> list[Finding]:
    """High for an undeclared category; low for a declared category whose cells are all numbers."""
    found = []
    for name, declared in table.asked.features.items():
        if name not in table.columns or table.columns[name].kind != "category":
            continue
        cells = table.frame[name]
        if declared.categories:
            strange = ~cells.is_in(list(declared.categories))
            count = int(strange.sum() or 0)
            texts = sorted({str(v) for v in cells.filter(strange.fill_null(False))})
            if count:
                plural = "s" if count > 1 else ""
                listed = ", ".join(map(repr, texts[:3]))
                found.append(
                    Finding(
                        name="undeclared",
                        severity="high",
                        columns=(name,),
                        sentence=f"{name!r} has {count:,} cell{plural} with a category that is not declared: {listed}.",
                        action="correct the cells or declare the category; a model treats it as unseen",
                        counts={"cells": count, "rows": table.rows},
                        examples=table.examples(table.where(strange), [name]),
                        overrule=f"[features.{key(name)}] categories = {value([*declared.categories, *texts[:20]])}",
                    )
                )
        elif declared.role == "category" and table.columns[name].distinct > 20 and _numbers(cells):
            found.append(
                Finding(
                    name="undeclared",
                    severity="low",
                    columns=(name,),
                    sentence=f"{name!r} is declared a category, and all its {table.columns[name].distinct:,} values "
                    "are numbers.",
                    action="check whether it is an amount",
                    counts={"values": table.columns[name].distinct},
                    examples=table.examples(range(3), [name]),
                    overrule=f'[features.{key(name)}] role = "number"',
                )
            )
    return found


def _numbers(cells: pl.Series) -> bool:
    return cells.cast(pl.Float64, strict=False).null_count() == cells.null_count()
