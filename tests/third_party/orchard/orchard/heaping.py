"""Digit preference: amounts that were read off by eye end in 0 or 5 far more often than one in five times.

Source: R. J. Myers, Errors and bias in the reporting of ages in census data, 1940.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"weight": [60.0, 65.0, 70.0, 75.0, 82.0] * 10}))
>>> found.counts
{'end in 0 or 5': 40, 'rows': 50}
"""

from volvelle.data.finding import Finding

_SHARE, _FEW = 0.6, 30


def find(table):
    """Low, one a column of amounts."""
    found = []
    for name in table.features:
        if table.columns[name].kind not in ("number", "integer"):
            continue
        known = table.frame[name].drop_nulls()
        round_ones = int((known % 5 == 0).sum())
        if len(known) < _FEW or known.abs().max() < 10 or not _SHARE * len(known) <= round_ones < len(known):
            continue
        found.append(
            Finding(
                name="heaping",
                severity="low",
                columns=(name,),
                sentence=f"{round_ones:,} of {len(known):,} cells of {name!r} end in 0 or 5.",
                action="find out whether it was measured or guessed",
                counts={"end in 0 or 5": round_ones, "rows": len(known)},
                examples=table.examples(table.where(table.frame[name] % 5 == 0), [name]),
            )
        )
    return found
