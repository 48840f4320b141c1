"""Amounts with a long tail on one side.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [float(2**i) for i in range(20)]}))
>>> found.columns, found.overrule
(('x',), '[features.x] steps = ["impute_median", "log1p", "scale_standard"]')
"""

from __future__ import annotations

import numpy as np

from volvelle.data.finding import Finding
from volvelle.data.table import Table
from volvelle.spec.write import name as key

_SKEWED = 2.0
_DISTINCT = 10


def find(table: Table) -> list[Finding]:
    """Low; by the third standardised moment over the sample (Pearson)."""
    found = []
    for name in (*table.features, *filter(None, [table.target])):
        column = table.columns[name]
        if column.kind not in ("number", "integer") or column.distinct <= _DISTINCT or not column.sd:
            continue
        if name == table.target and table.classes:
            continue
        x = table.numbers(name)
        x = x[~np.isnan(x)]
        if len(x) < _DISTINCT:
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            third = float((((x - x.mean()) / x.std()) ** 3).mean())
        if not abs(third) > _SKEWED:
            continue
        positive = (column.low or 0) >= 0
        step = "log1p" if positive and third > 0 else "power"
        ends = np.array([x.argmax() if third > 0 else x.argmin()])
        found.append(
            Finding(
                name="skew",
                severity="low",
                columns=(name,),
                sentence=f"{name!r} has a long tail {'above' if third > 0 else 'below'} (skewness {third:.1f})"
                f"{table.looked}.",
                action="learn its logarithm" if step == "log1p" else "pull the tail in by a power",
                counts={"rows looked at": len(x)},
                examples=table.examples(table.sample[~np.isnan(table.numbers(name))][ends], [name]),
                overrule=f'[features.{key(name)}] steps = ["impute_median", "{step}", "scale_standard"]'
                if name != table.target
                else "",
            )
        )
    return found
