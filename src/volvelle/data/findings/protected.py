"""Columns that are protected attributes by their name, and are not yet named sensitive.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"Sex": ["f", "m"], "x": [1, 2]}))
>>> found.columns, found.overrule
(('Sex',), '[data] sensitive = ["Sex"]')
"""

from __future__ import annotations

from volvelle.data.finding import Finding
from volvelle.data.table import Table, words

_NAMES = set(
    "sex gender race ethnicity ethnic religion nationality citizenship native senior disability disabled pregnant "
    "pregnancy orientation".split()
)
_MOST = 50


def find(table: Table) -> list[Finding]:
    """Low; after the grounds of the EU Charter of Fundamental Rights, article 21."""
    found = []
    for name, column in table.columns.items():
        if name in table.asked.sensitive or name == table.target:
            continue
        if words(name) != ("age",) and not (_NAMES.intersection(words(name)) and column.distinct <= _MOST):
            continue
        found.append(
            Finding(
                name="protected",
                severity="low",
                columns=(name,),
                sentence=f"{name!r} is a protected attribute by its name ({column.distinct} values).",
                action="name it sensitive: every metric is then shown for each of its values",
                counts={"values": column.distinct, "rows": table.rows},
                examples=table.examples(range(2), [name]),
                overrule=table.line("sensitive", name),
            )
        )
    return found
