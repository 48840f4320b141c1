"""What changes along time, or along the rows: shares of values, of missing cells and of classes, spread, slow trends.

Shuffled rows have none of it; see `data.course.courses` for the bound. One jump of a level is told by `drift`.

>>> from volvelle.data.table import Table
>>> shops = ["north", "south"] * 100 + ["north", "north", "north", "south"] * 50
>>> [found] = find(Table.of({"shop": shops}))
>>> found.sentence
"'south' in 'shop': 50.0% before row 201, 25.0% from there on."
"""

from __future__ import annotations

from collections.abc import Callable

from volvelle.data.course import Course, What, courses
from volvelle.data.finding import Finding, Severity
from volvelle.data.table import Table, many
from volvelle.spec.write import value

_GONE = 0.5
"""A share of missing cells that changes by so much is a column that came or went."""


def find(table: Table) -> list[Finding]:
    """One finding for each kind of change, and one for the target: medium there by time, and where cells go missing."""
    kinds: dict[tuple[bool, What], list[Course]] = {}
    for course in courses(table):
        kinds.setdefault((course.name == table.target, course.what), []).append(course)
    return [_told(table, together) for together in kinds.values()]


def _told(table: Table, together: list[Course]) -> Finding:
    first, rows = together[0], table.rows
    more = f"; and {many(len(together) - 3, 'more column')}" if len(together) > 3 else ""
    by = f" (by {table.asked.time!r})" if table.asked.time else ""
    shown = (0, 1, rows // 2, rows - 2, rows - 1) if first.row is None else range(first.row - 2, first.row + 3)
    return Finding(
        name="trend",
        severity=_severity(table, together),
        columns=tuple(course.name for course in together),
        sentence="; ".join(_words(table, course) for course in together[:3]) + f"{more}{by}{table.looked}.",
        action=_action(table, first),
        counts=_counts(table, first),
        examples=table.examples(shown, [*filter(None, [table.asked.time]), *(c.name for c in together[:4])]),
        overrule=_line(table, together),
    )


def _counts(table: Table, course: Course) -> dict[str, int]:
    if course.row is None:
        return {"rows in a fifth": table.rows // 5}
    before, time = course.row, table.asked.time
    if time:
        before = int((table.frame[time] < table.frame[time][course.row]).sum())
    return {"rows before": before, "rows after": table.rows - before}


def _severity(table: Table, together: list[Course]) -> Severity:
    gone = any(c.what == "missing" and abs(c.after - c.before) >= _GONE for c in together)
    answers = together[0].name == table.target and bool(table.asked.time)
    return "medium" if gone or answers else "low"


def _words(table: Table, course: Course) -> str:
    what = {
        "share": f"{course.value!r} in {course.name!r}",
        "missing": f"missing in {course.name!r}",
        "level": f"{'mean' if course.means else 'median'} of {course.name!r}",
        "spread": f"mean distance of {course.name!r} from its median nearby",
    }[course.what]
    show: Callable[[float], str] = "{:.1%}".format if course.what in ("share", "missing") else "{:.4g}".format
    if course.row is None:
        return f"{what}: {show(course.before)} in the first fifth of the rows, {show(course.after)} in the last"
    time = table.asked.time
    place = f"{table.frame[time][course.row]}" if time else f"row {course.row + 1:,}"
    return f"{what}: {show(course.before)} before {place}, {show(course.after)} from there on"


def _action(table: Table, course: Course) -> str:
    if not table.asked.time:
        return "find out whether the rows stand in the order of time; if they do, name the time, or split by it"
    if course.name == table.target:
        return "judge the newest rows by themselves; retrain when they change"
    return "find out what changed; leave rows of the old kind out if they no longer come"


def _line(table: Table, together: list[Course]) -> str:
    over = [c.name for c in together if c.what == "missing" and c.after >= 0.95 and c.name != table.target]
    if over:
        return table.line("ignore", *over)
    times = [name for name, column in table.columns.items() if column.kind == "time" and name not in table.asked.ignore]
    return f"[data] time = {value(times[0])}" if len(times) == 1 and not table.asked.time else ""
