"""Missing cells, column by column.

>>> from volvelle.data.table import Table
>>> [found] = find(Table.of({"x": [1.0, None, None, None], "y": [0, 1, 0, 1]}, target="y"))
>>> found.severity, found.counts, [e.row for e in found.examples]
('medium', {'missing': 3, 'rows': 4}, [2, 3, 4])
"""

from __future__ import annotations

from volvelle.data.finding import Finding, Severity
from volvelle.data.kinds import markers_in
from volvelle.data.markers import MISSING
from volvelle.data.table import Table
from volvelle.spec.write import name as key
from volvelle.spec.write import value

_MOSTLY, _OFTEN, _FEW = 0.5, 0.01, 20


def find(table: Table) -> list[Finding]:
    """Medium where more than half is missing or the target is; low otherwise."""
    found = []
    for name, column in table.columns.items():
        if not column.missing or name in table.asked.ignore:
            continue
        share = column.missing / table.rows
        severity: Severity = "medium" if share > _MOSTLY or name == table.target else "low"
        action, overrule = _proposal(table, name, share)
        found.append(
            Finding(
                name="missing",
                severity=severity,
                columns=(name,),
                sentence=f"{name!r} is missing in {column.missing:,} of {table.rows:,} rows ({share:.1%})"
                f"{_written(table, name)}.",
                action=action,
                counts={"missing": column.missing, "rows": table.rows},
                examples=table.examples(table.where(table.frame[name].is_null()), [name]),
                overrule=overrule,
            )
        )
    return found


def _proposal(table: Table, name: str, share: float) -> tuple[str, str]:
    if name == table.target:
        return "find the answers; rows without a target are left out", ""
    if share == 1:
        return "set the column aside", table.line("ignore", name)
    spoken = [m for m in markers_in(table.notes, name) if m.strip("?-. ")]
    if table.columns[name].kind == "category" and share > _OFTEN and spoken:
        listed = " or ".join(map(repr, spoken))
        answer = f"if {listed} is an answer here, such as 'none', declare it one"
        if table.columns[name].distinct <= _FEW:
            answers = sorted(str(v) for v in table.frame[name].drop_nulls().unique())
            return answer, f"[features.{key(name)}] categories = {value([*spoken, *answers])}"
        left = [m for m in (MISSING if table.asked.missing is None else table.asked.missing) if m not in spoken]
        return answer, f"[data] missing = {value(left)}"
    action = "ask why they are missing; else they are filled, and an indicator tells the model where"
    return action, f'[features.{key(name)}] missing = "refuse"'


def _written(table: Table, name: str) -> str:
    """How the missing cells are written, where they are text."""
    marks = markers_in(table.notes, name)
    spoken = " or ".join(repr(mark) for mark in marks if mark)
    said = ["left blank"] * ("" in marks) + [f"written {spoken}"] * bool(spoken)
    return f", {' or '.join(said)}" if said else ""
