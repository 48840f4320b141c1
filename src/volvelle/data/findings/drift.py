"""Columns whose values jump at one place in the rows (by time, or as the file has them): a unit changed midway.

>>> from volvelle.data.table import Table
>>> celsius = [float(k * 7 % 20) for k in range(200)]
>>> [found] = find(Table.of({"t": celsius[:100] + [c * 1.8 + 32 for c in celsius[100:]]}))
>>> found.sentence
"'t' jumps near row 101: median 9.5 before and 49.1 after, as if °C became °F."
"""

from __future__ import annotations

from volvelle.data.change import Jump, jumps
from volvelle.data.finding import Finding, Severity
from volvelle.data.table import Table

_STRONG = 1.5


def find(table: Table) -> list[Finding]:
    """High where a known change of units explains it, medium for a strong jump, low for a weaker one."""
    found = []
    for place, together in _by_place(jumps(table), table.rows).items():
        first = together[0]
        severity: Severity = "high" if any(j.unit for j in together) else "medium" if first.effect >= _STRONG else "low"
        names = tuple(j.name for j in together)
        row = int(place)
        sentences = [_told(j, row) for j in together[:3]]
        more = f"; {len(together) - 3} more columns jump there too" if len(together) > 3 else ""
        found.append(
            Finding(
                name="drift",
                severity=severity,
                columns=names,
                sentence="; ".join(sentences) + more + f"{table.looked}.",
                action="bring the units together" if first.unit else "find out what changed; split by time if it was",
                counts={"rows before": row, "rows after": table.rows - row},
                examples=table.examples((row - 2, row - 1, row, row + 1), names[:4]),
                overrule=table.line("ignore", *names) if first.unit else "",
            )
        )
    return found


def _told(jump: Jump, row: int) -> str:
    to = f" and back near row {jump.back + 1:,}" if jump.back is not None else ""
    sides = ("elsewhere", "there") if jump.back is not None else ("before", "after")
    unit = f", as if {jump.unit}" if jump.unit else ""
    medians = f"median {jump.before:.4g} {sides[0]} and {jump.after:.4g} {sides[1]}"
    return f"{jump.name!r} jumps near row {row + 1:,}{to}: {medians}{unit}"


def _by_place(found: list[Jump], rows: int) -> dict[int, list[Jump]]:
    """Jumps at nearly the same place, the strongest first."""
    places: dict[int, list[Jump]] = {}
    for jump in sorted(found, key=lambda j: (not j.unit, -j.effect)):
        near = next((p for p in places if abs(p - jump.row) <= 0.005 * rows), jump.row)
        places.setdefault(near, []).append(jump)
    return places
