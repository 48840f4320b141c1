"""Leak suspects: columns that nearly are the target, make it up, encode it, or are known only afterwards.

One column alone nearly determines it (a copy, a name of the row that counts through a sorted file, an amount
that is zero exactly in one class); columns sum to it, or are flags of which any sets it; or the strongest
column has a name that speaks of the time after. On shuffled targets none of these holds.

>>> from volvelle.data.table import Table
>>> parts = {"a": [k % 7 for k in range(60)], "b": [k % 11 * 2 for k in range(60)]}
>>> [found] = find(Table.of({**parts, "y": [x + z for x, z in zip(*parts.values())]}, target="y", task="regression"))
>>> found.sentence, found.overrule
("'y' is a + b in 100.0% of rows.", '[data] ignore = ["a", "b"]')
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from volvelle.data.alone import alone, named
from volvelle.data.finding import Finding
from volvelle.data.parts import Flags, exact_sum, setting_flags
from volvelle.data.table import Table

_FEW = 30


def find(table: Table) -> list[Finding]:
    """High, every one: a model that sees such a column looks perfect and is useless."""
    if not table.target or len(table.sample) < _FEW or table.columns[table.target].constant:
        return []
    found = [_leak(table, (name,), sentence) for name, sentence in alone(table).items()]
    sure = {name for finding in found for name in finding.columns}
    parts = [*_sums(table), *_flags(table)]
    found += [part for part in parts if part.columns and not sure.issuperset(part.columns)]
    sure |= {name for finding in found for name in finding.columns}
    if not found:
        found += [_leak(table, (name,), sentence) for name, sentence in named(table).items()]
    return found


def _sums(table: Table) -> list[Finding]:
    if table.columns[table.target].kind not in ("number", "integer"):
        return []
    found = exact_sum(table, table.numbers(table.target))
    if found is None:
        return []
    terms = " ".join(_term(weight, name) for name, weight in found.weights.items())
    offset = f" {'+' if found.offset > 0 else '-'} {abs(found.offset):g}" if abs(found.offset) > 1e-6 else ""
    sentence = f"{table.target!r} is {terms.removeprefix('+ ')}{offset} in {found.share:.1%} of rows{table.looked}."
    return [_leak(table, tuple(found.weights), sentence)]


def _flags(table: Table) -> list[Finding]:
    flags = setting_flags(table) if table.classes else None
    if flags is None:
        return []
    label = table.labels[flags.code]
    sentence = (
        f"{', '.join(flags.columns)} are set almost only where {table.target!r} is {label!r}, and cover "
        f"{flags.covered:,} of its {flags.rows:,} rows{table.looked}: they are its parts."
    )
    return [_leak(table, flags.columns, sentence, table.sample[table.y == flags.code]), *_company(table, flags)]


def _company(table: Table, flags: Flags) -> list[Finding]:
    among = f"stands among {', '.join(flags.columns)}, which make up {table.target!r}, and is named alike"
    return [_leak(table, (n,), f"{n!r} {among}: it was probably written down with them.") for n in flags.company]


def _leak(
    table: Table,
    columns: tuple[str, ...],
    sentence: str,
    rows: NDArray[np.int64] | None = None,
) -> Finding:
    columns = tuple(name for name in columns if name in table.features)
    spread = table.sample[:: max(1, len(table.sample) // 5)] if rows is None else rows
    return Finding(
        name="leak",
        severity="high",
        columns=columns,
        sentence=sentence,
        action=f"set {'it' if len(columns) == 1 else 'them'} aside, unless known at the time of prediction",
        counts={"rows looked at": len(table.sample)},
        examples=table.examples(spread, columns),
        overrule=table.line("ignore", *columns),
    )


def _term(weight: float, name: str) -> str:
    size = "" if abs(abs(weight) - 1) < 1e-6 else f"{abs(weight):.6g} x "
    return f"{'+' if weight > 0 else '-'} {size}{name}"
