"""Text columns with very many values, most of them rare.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"city": [f"c{i // 2}" for i in range(200)]}))
>>> found.severity, found.counts
('low', {'different values': 100, 'values in one row only': 0, 'rows': 200})
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.table import Table
from volvelle.spec.write import name as key

_MANY, _TOO_MANY = 50, 1000


def find(table: Table) -> list[Finding]:
    """Low; medium where a model would leave the column out for it."""
    found = []
    for name in table.features:
        column = table.columns[name]
        if column.kind != "category" or column.distinct < _MANY or column.distinct >= 0.95 * table.rows:
            continue
        lost = column.distinct > _TOO_MANY or column.distinct > table.rows / 2
        counts = table.frame[name].drop_nulls().value_counts()["count"]
        once = int((counts == 1).sum())
        found.append(
            Finding(
                name="cardinality",
                severity="medium" if lost else "low",
                columns=(name,),
                sentence=f"{name!r} has {column.distinct:,} different texts in {table.rows:,} rows, "
                f"{once:,} of them in one row only" + ("; it is left out." if lost else "."),
                action="derive a coarser column (a prefix, a region, a length)" if lost else "put rare values together",
                counts={"different values": column.distinct, "values in one row only": once, "rows": table.rows},
                examples=table.examples(range(3), [name]),
                overrule=table.line("ignore", name)
                if lost
                else f'[features.{key(name)}] steps = ["rare_categories", "one_hot"]',
            )
        )
    return found
