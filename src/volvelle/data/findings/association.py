"""Which columns say something about the target, and which say no more than chance does.

Each by itself: a column that matters only together with another can stand below the floor.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": list(range(100)), "y": [0] * 50 + [1] * 50}, target="y"))
>>> found.counts
{'columns above chance': 1, 'columns at chance': 0}
"""

from __future__ import annotations

from volvelle.data.dependence import association
from volvelle.data.finding import Finding
from volvelle.data.table import Table

ROWLESS = "every row has its part in it"
_FEW = 50
_SHOWN = 5


def find(table: Table) -> list[Finding]:
    """Low; medium where no column rises above chance."""
    if not table.target or not table.features or len(table.sample) < _FEW:
        return []
    found = association(table)
    above = [name for name, bits in found.bits.items() if bits > found.floor]
    below = [name for name in found.bits if name not in above]
    listed = ", ".join(f"{name!r} {found.bits[name]:.3f}" for name in above[:_SHOWN])
    sentence = (
        f"{len(above)} of {len(found.bits)} columns say by themselves more about {table.target!r} than chance "
        f"({found.floor:.3f} bits of {found.entropy:.2f}): {listed}{table.looked}."
        if above
        else f"No column by itself says more about {table.target!r} than chance does "
        f"({found.floor:.3f} bits of {found.entropy:.2f}){table.looked}."
    )
    return [
        Finding(
            name="association",
            severity="low" if above else "medium",
            columns=(table.target,),
            sentence=sentence,
            action="begin with the strongest" if above else "expect little; check the target and the join of the data",
            counts={"columns above chance": len(above), "columns at chance": len(below)},
        )
    ]
