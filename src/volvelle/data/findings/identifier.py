"""Columns that name the row: text or whole numbers that differ in every row.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"id": list(range(100, 120)), "x": [1.5, 2.5] * 10}))
>>> found.sentence, found.overrule
("'id' differs in every row and grows from row to row: it counts the rows.", '[data] ignore = ["id"]')
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.table import Table, words

_FEW = 10
_NAMES = {"id", "uid", "uuid", "guid", "key", "index", "idx", "number", "no", "nr", "serial", "code", "ref", "order"}


def find(table: Table) -> list[Finding]:
    """Medium: a model learns nothing from names of rows that holds for new ones."""
    found = []
    for name in table.features:
        column = table.columns[name]
        if column.kind not in ("category", "integer") or table.rows <= _FEW:
            continue
        named = bool(_NAMES.intersection(words(name)))
        unique = column.distinct == table.rows
        nearly = named and column.distinct >= 0.95 * (table.rows - column.missing) and not column.missing
        if not (unique or nearly) or not _counts_or_names(table, name, named):
            continue
        grows = bool(table.frame[name].is_sorted()) and unique
        found.append(
            Finding(
                name="identifier",
                severity="medium",
                columns=(name,),
                sentence=f"{name!r} differs in {'every' if unique else 'almost every'} row"
                + (" and grows from row to row: it counts the rows." if grows else ": it names the row."),
                action="set it aside",
                counts={"different values": column.distinct, "rows": table.rows},
                examples=table.examples(range(3), [name]),
                overrule=table.line("ignore", name),
            )
        )
    return found


def _counts_or_names(table: Table, name: str, named: bool) -> bool:
    """Text; or whole numbers that lie as close as a count, are sorted, or are called an identifier."""
    column = table.columns[name]
    if column.kind == "category" or named:
        return True
    dense = (column.high or 0) - (column.low or 0) <= 3 * table.rows
    return dense and bool(table.frame[name].is_sorted() or table.rows >= 100)
