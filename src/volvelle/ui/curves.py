"""Charts of explaining: values around zero, curves over thresholds, what was said against what came true.

Drawn as in `charts`: SVG text without script, colours as classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from volvelle.ui.charts import WIDTH, Axis, box, drawing, frame, safe
from volvelle.ui.scales import Scale, fit, number, short, span, widened
from volvelle.ui.wording import clean

STYLE = (
    ".chart .area{fill:var(--band);opacity:.75}.chart .zone{fill:var(--pass-tint)}"
    ".chart .zero{stroke:var(--quiet);stroke-width:1.5}.chart .whisker{stroke:var(--series-1);stroke-width:2}"
    ".chart .pale{stroke:var(--quiet);stroke-width:2}.chart .gate1{stroke:var(--series-1);stroke-width:1.5}"
    ".chart .gate2{stroke:var(--series-2);stroke-width:1.5}.chart .gate3{stroke:var(--series-3);stroke-width:1.5}"
    ".chart .gate1,.chart .gate2,.chart .gate3{stroke-dasharray:2 3}"
)
_LINES = ("l1", "l2", "l3", "lq")


class Span(NamedTuple):
    """One value with its interval."""

    label: str
    value: float
    low: float
    high: float


class Line(NamedTuple):
    """A named curve with horizontal bounds."""

    label: str
    points: Sequence[tuple[float, float]]
    bounds: Sequence[float] = ()


def whiskers(rows: Sequence[Span], name: str, about: str, *, zero: bool = True) -> str:
    """Values with intervals, one below the other; with `zero`, those whose interval holds 0 are pale."""
    labels = [fit(clean(r.label), 140) for r in rows]
    texts = [short(float(f"{r.value:.3g}")) for r in rows]
    left, room = 12 + max(map(span, labels), default=0), 12 + 1.1 * max(map(span, texts), default=0)
    ends = [e for r in rows for e in (r.low, r.high, r.value) if math.isfinite(e)]
    low, high = widened(min([*ends, *([0.0] if zero else [])]), max([*ends, *([0.0] if zero else [])]), 0.04)
    scale = Scale(low, high, left, WIDTH - room)
    tall = 8 + 24 * len(rows)
    at = number(scale.at(0.0))
    body = f'<line class="zero" x1="{at}" x2="{at}" y1="2" y2="{tall - 2}"/>' if zero else ""
    for k, (row, label, text) in enumerate(zip(rows, labels, texts, strict=True)):
        y = 16 + 24 * k
        pale = zero and row.low <= 0 <= row.high
        words = f"{clean(row.label, 120)}: {text}, {short(row.low)} to {short(row.high)}"
        body += f"<g><title>{safe(words)}</title>"
        body += f'<text class="end" x="{number(left - 6)}" y="{y + 4}">{safe(label)}</text>'
        ends_at = f'x1="{number(scale.at(row.low))}" x2="{number(scale.at(row.high))}"'
        body += f'<line class="{"pale" if pale else "whisker"}" {ends_at} y1="{y}" y2="{y}"/>'
        body += f'<circle class="{"fq" if pale else "f1"}" cx="{number(scale.at(row.value))}" cy="{y}" r="4.5"/>'
        body += f'<text class="strong end" x="{WIDTH - 4}" y="{y + 4}">{safe(text)}</text></g>'
    return drawing(WIDTH, tall, name, about, body)


def banded(points: Sequence[tuple[float, float, float, float]], x: Axis, y: Axis, name: str, about: str) -> str:
    """A line in its band: (x, value, low, high)."""
    across, up, body = frame(x, y)
    top = [f"{number(across.at(p[0]))},{number(up.at(p[3]))}" for p in points]
    bottom = [f"{number(across.at(p[0]))},{number(up.at(p[2]))}" for p in reversed(points)]
    body += f'<polygon class="area" points="{" ".join([*top, *bottom])}"/>'
    line = " ".join(f"{number(across.at(p[0]))},{number(up.at(p[1]))}" for p in points)
    body += f'<polyline class="l1" points="{line}"/>'
    for p in points if len(points) <= 24 else ():
        body += f'<circle class="f1" cx="{number(across.at(p[0]))}" cy="{number(up.at(p[1]))}" r="2.5"/>'
    return drawing(WIDTH, 270, name, about, body)


def against(rows: Sequence[Span], x: Axis, y: Axis, name: str, about: str) -> str:
    """What came true (`value` with its interval) against what was said (`label`, a number), over the diagonal."""
    across, up, body = frame(x, y)
    ends = f'x1="{number(across.start)}" y1="{number(up.start)}" x2="{number(across.end)}" y2="{number(up.end)}"'
    body += f'<line class="lq" {ends}/>'
    line = " ".join(f"{number(across.at(float(r.label)))},{number(up.at(r.value))}" for r in rows)
    body += f'<polyline class="l1" points="{line}" opacity=".6"/>'
    for row in rows:
        at = number(across.at(float(row.label)))
        whisker = f'x1="{at}" x2="{at}" y1="{number(up.at(row.low))}" y2="{number(up.at(row.high))}"'
        words = f"said {short(float(row.label))}, came true {short(row.value)}"
        body += f'<g><title>{words}</title><line class="whisker" {whisker}/>'
        body += f'<circle class="f1" cx="{at}" cy="{number(up.at(row.value))}" r="3.5"/></g>'
    return drawing(WIDTH, 270, name, about, body)


def keyed(
    lines: Sequence[Line],
    x: Axis,
    y: Axis,
    name: str,
    about: str,
    *,
    zone: Sequence[float] = (),
    mark: float | None = None,
) -> str:
    """Up to four curves with a key above them, the bounds of their gates, a zone and a mark on the x axis."""
    across, up, body = frame(x, y)
    if len(zone) == 2:
        left, right = across.at(zone[0]), across.at(zone[1])
        body = box(left, up.end, max(right - left, 2), up.start - up.end, "zone") + body
    key, at = "", 8.0
    row = 0
    for number_, line in enumerate(lines[:4]):
        style = _LINES[number_]
        points = " ".join(f"{number(across.at(a))},{number(up.at(b))}" for a, b in line.points)
        body += f'<polyline class="{style}" points="{points}"/>'
        for bound in line.bounds:
            height = number(up.at(bound))
            body += f'<line class="gate{min(number_ + 1, 3)}" x1="{number(across.start)}" x2="{number(across.end)}" '
            body += f'y1="{height}" y2="{height}"/>'
        label = fit(clean(line.label), 120)
        if at + 34 + span(label) > WIDTH and number_:
            at, row = 8.0, row + 1
        level = 10 + 18 * row
        key += f'<line class="{style}" x1="{number(at)}" x2="{number(at + 22)}" y1="{level}" y2="{level}"/>'
        key += f'<text x="{number(at + 27)}" y="{level + 4}">{safe(label)}</text>'
        at += 42 + span(label)
    if mark is not None:
        place = number(across.at(mark))
        body += f'<line class="bound" x1="{place}" x2="{place}" y1="{number(up.end)}" y2="{number(up.start)}"/>'
    down = 22 + 18 * row
    return drawing(WIDTH, 270 + down, name, about, f'{key}<g transform="translate(0 {down})">{body}</g>')
