"""What people see of two tables that were compared: a table in the terminal, and a page that stands alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from volvelle.evaluate.records import VerdictKind
from volvelle.flow.drifting import TOGETHER, Answer, Drift, Moved
from volvelle.flow.history import Change
from volvelle.ui import charts, terminal
from volvelle.ui.charts import WIDTH, box, drawing, safe
from volvelle.ui.pages import drawn, policy, render, style
from volvelle.ui.scales import Scale, fit, number, ticks
from volvelle.ui.sections import Facts
from volvelle.ui.wording import Outcome, clean

_HEADS = ("", "column", "kind", "moved", "by", "p", "PSI", "distance")
NOMINAL = ("category", "boolean")
_DRAWN, _LINES = 24, 20
_WHAT = {"removed": "is gone", "added": "is new", "kind": "has another kind"}


def text(found: Drift) -> str:
    """A headline, every column that has drifted and the nearest of the others, and what all of them say together."""
    lines = [headline(found), f"  {_rows(found)}", ""]
    rows = [("✗" if c.drifted else " ", *_row(c)) for c in found.columns]
    kept = max(_LINES, sum(c.drifted for c in found.columns))
    lines += terminal.aligned(_HEADS, rows[:kept], right=(3, 5, 6, 7))
    if len(rows) > kept:
        lines.append(f"  and {len(rows) - kept} more columns that have not drifted; --json lists them")
    lines += ["", *(f"  {line}" for line in (*map(_changed, found.changes), *together(found), _rule(found)))]
    return terminal.fitting("\n".join(lines), sys.stdout)


def headline(found: Drift) -> str:
    """How many columns have drifted, in a sentence."""
    count, many = sum(c.drifted for c in found.columns), len(found.columns)
    told = f"{count} of {many} columns {'has' if count == 1 else 'have'} drifted" if count else "no column has drifted"
    if found.changes:
        told += f", and {len(found.changes)} {'is' if len(found.changes) == 1 else 'are'} not the same any more"
    return told


def together(found: Drift) -> list[str]:
    """What tests of all columns together say."""
    said = []
    for answer in (a for a in found.together if a.statistic):
        able = "tells" if found.calls(answer) else "does not tell"
        who = f"a classifier {able} both tables apart, ROC-AUC" if answer.test == TOGETHER else f"{_name(answer.test)},"
        said.append(f"all columns together: {who} {answer.statistic:.3f} ({_chance(answer.p)})")
    return said


def page(found: Drift) -> str:
    """The page as text."""
    sheet = style(True)
    kind: VerdictKind = "fail" if found.drifted else "pass"
    shown = [c for c in found.columns if c.drifted][:_DRAWN] or list(found.columns[:4])
    return render(
        "drift.html",
        {
            "css": sheet,
            "policy": policy(sheet),
            "mark": drawn(charts.mark()),
            "found": found,
            "outcome": Outcome(kind, headline(found).capitalize(), f"{_rows(found)}."),
            "tiles": _tiles(found),
            "changes": [clean(_changed(c), 200) for c in found.changes],
            "figures": [_figure(c) for c in shown],
            "quiet": not any(c.drifted for c in found.columns),
            "heads": _HEADS[1:],
            "columns": [("fail" if c.drifted else "pass", _row(c)) for c in found.columns],
            "notes": [*together(found), _rule(found)],
        },
    )


def _rows(found: Drift) -> str:
    return f"{found.rows[0]:,} rows of {clean(found.reference, 80)} against {found.rows[1]:,} of {clean(found.now, 80)}"


def _rule(found: Drift) -> str:
    asked = f"at most {found.level:g}, and {found.least:.0%} of the rows moved"
    return f"drifted: p, corrected for all columns and tests, {asked}"


def _changed(change: Change) -> str:
    told = f" ({change.before} before, {change.after} now)" if change.before and change.after else ""
    return f"{clean(change.column, 80)} {_WHAT[change.what]}{told}"


def _tiles(found: Drift) -> list[Facts]:
    tiles: list[Facts] = [
        {
            "label": "Columns that have drifted",
            "value": f"{sum(c.drifted for c in found.columns)} of {len(found.columns)}",
            "note": f"p ≤ {found.level:g}, corrected",
        },
        {"label": "Rows", "value": f"{found.rows[1]:,}", "note": f"against {found.rows[0]:,}"},
    ]
    for answer in (a for a in found.together if a.test == TOGETHER and a.statistic):
        note = f"ROC-AUC; 0.5 is no difference ({_chance(answer.p)})"
        tiles.append({"label": "A classifier tells them apart", "value": f"{answer.statistic:.3f}", "note": note})
    return tiles


def _row(column: Moved) -> tuple[str, ...]:
    """Name, kind, share of rows that moved, by which test, chance, and the effect sizes."""
    tested = [a for a in column.answers if a.p is not None]
    sure = min(tested, key=lambda a: (a.p or 0.0, -a.effect), default=None)
    return (
        clean(column.feature, 32),
        column.kind,
        "–" if sure is None else _effect(sure),
        "–" if sure is None else _name(sure.test),
        "–" if sure is None else _chance(sure.p).removeprefix("p = ").removeprefix("p "),
        _effect(column.of("psi")),
        _effect(column.of("wasserstein")),
    )


def _effect(answer: Answer | None) -> str:
    if answer is None:
        return "–"
    return {"share": f"{answer.effect:.1%}", "sd": f"{answer.effect:.2f} sd"}.get(answer.unit, f"{answer.effect:.3f}")


def _name(test: str) -> str:
    return test.replace("_", " ")


def _chance(p: float | None) -> str:
    if p is None:
        return "no chance"
    return "p < 1e-9" if p < 1e-9 else f"p = {p:.2g}"


def _figure(column: Moved) -> Facts:
    """Shares of both tables, counter by counter."""
    before, after = _shares(column.before), _shares(column.after)
    most = max((*before, *after), default=0.0) or 1.0
    left, right, foot = 46.0, WIDTH - 4.0, 190.0
    up, step = Scale(0, most, foot, 10), (right - left) / len(column.names)
    body = ""
    for tick in ticks(0, most, 4):
        y = number(up.at(tick))
        body += f'<line class="grid" x1="{number(left)}" x2="{number(right)}" y1="{y}" y2="{y}"/>'
        body += f'<text class="end" x="{number(left - 6)}" y="{number(up.at(tick) + 4)}">{tick:.0%}</text>'
    for at, (name, was, is_) in enumerate(zip(column.names, before, after, strict=True)):
        x = left + step * at
        body += f"<g><title>{safe(f'{clean(name, 60)}: {was:.1%} before, {is_:.1%} now')}</title>"
        body += box(x + step * 0.1, up.at(was), step * 0.4, foot - up.at(was), "fq")
        body += box(x + step * 0.5, up.at(is_), step * 0.4, foot - up.at(is_), "f1") + "</g>"
        label, middle = fit(clean(name), 90), f"{number(x + step / 2 + 4)} {number(foot + 10)}"
        body += f'<text class="end" transform="translate({middle}) rotate(-45)">{safe(label)}</text>'
    about = (
        f"shares of the rows by {'category' if column.kind in NOMINAL else 'range, from its lower end'}, before and now"
    )
    said = _row(column)
    return {
        "title": clean(column.feature, 80),
        "note": f"Grey: before; blue: now. {said[2]} of the rows have moved ({said[3]}, p {said[4]}).",
        "svg": drawn(drawing(WIDTH, 268, clean(column.feature, 80), about, body)),
    }


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]
