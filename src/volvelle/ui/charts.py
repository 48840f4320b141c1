"""Charts as SVG text: no script, no font of their own, colours from the page's custom properties.

Every drawing is about 360 units wide and its letters 12 units high, so that one unit is about one
pixel on a telephone. Colours are classes (`STYLE`), never attributes: one drawing serves light and dark.
Each has ``role="img"`` with ``<title>`` (its name) and ``<desc>`` (what it shows, in words).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from volvelle.deploy.palette import HEAT_LEVELS
from volvelle.ui.scales import Scale, fit, number, short, span, ticks, widened
from volvelle.ui.wording import clean

WIDTH = 360
_HEAT = "".join(
    f".chart .h{k}{{fill:var(--heat-{k})}}.chart .o{k}{{fill:var(--on-heat-{k})}}" for k in range(HEAT_LEVELS)
)
STYLE = (
    ".chart{display:block;width:100%;height:auto;overflow:hidden}"
    ".chart text{font:12px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}"
    ".chart .strong{fill:var(--ink);font-weight:600}.chart .end{text-anchor:end}.chart .mid{text-anchor:middle}"
    ".chart .grid{stroke:var(--line);stroke-width:1}.chart .axis{stroke:var(--quiet);stroke-width:1}"
    ".chart .l1,.chart .l2,.chart .l3,.chart .lq{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".chart .l1{stroke:var(--series-1)}"
    ".chart .l2{stroke:var(--series-2);stroke-dasharray:7 3}.chart .l3{stroke:var(--series-3)}"
    ".chart .lq{stroke:var(--quiet);stroke-width:1.5;stroke-dasharray:5 4}"
    ".chart .f1{fill:var(--series-1)}.chart .f2{fill:var(--series-2)}.chart .f3{fill:var(--series-3)}"
    ".chart .fq{fill:var(--quiet)}.chart .band{fill:var(--band)}.chart .track{fill:var(--none-tint)}"
    ".chart .pass{fill:var(--pass);stroke:var(--pass)}.chart .fail{fill:var(--fail);stroke:var(--fail)}"
    ".chart .doubt{fill:var(--doubt);stroke:var(--doubt)}.chart .none{fill:var(--none);stroke:var(--none)}"
    ".chart .bound{stroke:var(--ink);stroke-width:2}.chart .gap{stroke:var(--page);stroke-width:1.5}" + _HEAT
)


class Axis(NamedTuple):
    """A side of an xy chart."""

    label: str
    low: float
    high: float
    log: bool = False
    """Whether `low` and `high` are powers of ten."""


class Curve(NamedTuple):
    """A line in an xy chart."""

    points: Sequence[tuple[float, float]]
    style: str = "l1"
    """l1, l2 (dashed), l3, or lq: grey and dashed."""
    label: str = ""
    """Written at the line's highest point."""


class Cells(NamedTuple):
    """Points counted in a square grid; ``counts[row][column]``, row 0 at the bottom."""

    counts: Sequence[Sequence[int]]
    low: float
    high: float
    dots: Sequence[tuple[float, float]] = ()
    """The points themselves where they are few enough to be drawn one by one."""


def interval(
    value: float, low: float | None, high: float | None, *, bound: float | None, ends: tuple[float, float], kind: str
) -> str:
    """One value with its interval and bound, small enough for a table row; `kind` is a verdict's class or "f1"."""
    scale = Scale(*ends, 8, 152)
    words = f"value {short(value)}"
    body = '<line class="grid" x1="8" x2="152" y1="14" y2="14"/>'
    if low is not None and high is not None:
        words += f", interval {short(low)} to {short(high)}"
        left, right = scale.at(low), scale.at(high)
        body += box(left, 11, max(right - left, 1.5), 6, kind, 'opacity=".45" rx="3"')
    if bound is not None:
        words += f", bound {short(bound)}"
        x = number(scale.at(bound))
        body += f'<line class="bound" x1="{x}" x2="{x}" y1="3" y2="25"/>'
    body += f'<circle class="{kind}" cx="{number(scale.at(value))}" cy="14" r="4.5"/>'
    return drawing(160, 28, words, "", body, "chart small")


def bars(rows: Sequence[tuple[str, float]], name: str, about: str, texts: Sequence[str] = ()) -> str:
    """Horizontal bars from zero, longest label cut at half the width."""
    shown = list(texts) or [short(v) for _, v in rows]
    labels = [fit(clean(label), 150) for label, _ in rows]
    left = 10 + max(map(span, labels), default=0)
    room = 12 + 1.1 * max(map(span, shown), default=0)
    top = max((v for _, v in rows if math.isfinite(v)), default=1.0) or 1.0
    scale = Scale(0, top, left, WIDTH - room)
    body = ""
    for at, ((full, value), label, text) in enumerate(zip(rows, labels, shown, strict=True)):
        y = 4 + 24 * at
        end = scale.at(value)
        body += f"<g><title>{safe(clean(full, 160))}: {safe(text)}</title>"
        body += f'<text class="end" x="{number(left - 6)}" y="{y + 14}">{safe(label)}</text>'
        body += box(left, y + 3, max(end - left, 1), 14, "f1", 'rx="2"')
        body += f'<text class="strong" x="{number(end + 5)}" y="{y + 14}">{safe(text)}</text></g>'
    return drawing(WIDTH, 8 + 24 * len(rows), name, about, body)


def lines(curves: Sequence[Curve], x: Axis, y: Axis, name: str, about: str) -> str:
    """Lines over two numeric axes."""
    across, up, body = frame(x, y)
    for curve in curves:
        points = " ".join(f"{number(across.at(a))},{number(up.at(b))}" for a, b in curve.points)
        body += f'<polyline class="{curve.style}" points="{points}"/>'
    for curve in curves:
        if curve.label and curve.points:
            peak = max(curve.points, key=lambda p: p[1])
            side = "end" if across.at(peak[0]) > WIDTH / 2 else "start"
            away = -6 if side == "end" else 22
            place = f'x="{number(across.at(peak[0]) + away)}" y="{number(up.at(peak[1]) + 10)}"'
            body += f'<text class="strong {side}" {place}>{safe(fit(clean(curve.label), 130))}</text>'
    return drawing(WIDTH, 270, name, about, body)


def progress(scores: Sequence[tuple[float, float]], *, better: str, x: str, y: str, name: str, about: str) -> str:
    """Scores of trials in the order in which they ended, with the best so far as a stair.

    Args:
        scores: (seconds or number, score) of every finished trial.
        better: "up" or "down".
        x, y: what the axes show.
        name, about: title and description.
    """
    values = sorted(s for _, s in scores)
    # A few hopeless trials must not press all others into one line: the worst tenth may leave the frame.
    low, high = values[0], values[-1]
    if len(values) >= 10:
        cut = len(values) // 10
        low, high = (values[cut], high) if better == "up" else (low, values[-1 - cut])
    low, high = widened(low, high)
    across, up, body = frame(Axis(x, 0, max(t for t, _ in scores) or 1), Axis(y, low, high))
    stair: list[tuple[float, float]] = []
    for at, score in scores:
        best = stair[-1][1] if stair else score
        now = max(best, score) if better == "up" else min(best, score)
        stair += [(at, best), (at, now)]
    stair.append((max(t for t, _ in scores), stair[-1][1]))
    inside = [(a, b) for a, b in scores if low <= b <= high]
    for a, b in inside[:400]:
        body += f'<circle class="fq" cx="{number(across.at(a))}" cy="{number(up.at(b))}" r="2.5" opacity=".75"/>'
    points = " ".join(f"{number(across.at(a))},{number(up.at(b))}" for a, b in _thin(stair, 240))
    return drawing(WIDTH, 270, name, about, body + f'<polyline class="l1" points="{points}"/>')


def histogram(counts: Sequence[int], low: float, high: float, axis: str, name: str, about: str) -> str:
    """Rows in bins of equal width from `low` to `high`."""
    most = max(counts, default=0) or 1
    across, up, body = frame(Axis(axis, low, high), Axis("rows", 0, most))
    width = (across.end - across.start) / max(1, len(counts))
    for at, count in enumerate(counts):
        y = up.at(count)
        body += box(across.start + at * width + 0.5, y, width - 1, up.start - y, "f1")
    return drawing(WIDTH, 270, name, about, body)


def spark(counts: Sequence[int], name: str) -> str:
    """A histogram of the size of a word."""
    most = max(counts, default=0) or 1
    step = 96 / max(1, len(counts))
    body = '<line class="axis" x1="0" x2="96" y1="27.5" y2="27.5"/>'
    for at, count in enumerate(counts):
        tall = 0 if not count else max(1.0, 25 * count / most)
        body += box(at * step + 0.5, 27 - tall, max(step - 1, 0.8), tall, "f1") if tall else ""
    return drawing(96, 28, name, "", body, "chart spark")


def heatmap(table: Sequence[Sequence[int]], names: Sequence[str], name: str, about: str) -> str:
    """Counts by true class (row) and predicted class (column), shaded by the share of their row."""
    many = len(table)
    rows = [fit(clean(n), 90 if many <= 4 else 60) for n in names]
    left = 28 + max(map(span, rows))
    cell = (WIDTH - left - 4) / many
    tall = min(64.0, max(22.0, cell * 0.72))
    columns = [fit(clean(n), cell) for n in names]
    body = f'<text class="mid" x="{number((left + WIDTH) / 2)}" y="14">predicted</text>'
    body += f'<text class="mid" transform="translate(13 {number(40 + tall * many / 2)}) rotate(-90)">true</text>'
    for column, label in enumerate(columns):
        body += f'<text class="mid" x="{number(left + cell * (column + 0.5))}" y="33">{safe(label)}</text>'
    for row, counts in enumerate(table):
        y = 40 + tall * row
        total = sum(counts)
        body += f'<text class="end" x="{number(left - 6)}" y="{number(y + tall / 2 + 4)}">{safe(rows[row])}</text>'
        for column, count in enumerate(counts):
            share = count / total if total else 0.0
            place = (left + cell * column, y, cell, tall)
            body += _cell(place, count, share, f"{names[row]} predicted as {names[column]}")
    return drawing(WIDTH, 46 + tall * many, name, about, body)


def cloud(cells: Cells, x: str, y: str, name: str, about: str) -> str:
    """Points one by one, or very many as a grid of shaded squares, over the diagonal where both axes agree."""
    across, up, body = frame(Axis(x, cells.low, cells.high), Axis(y, cells.low, cells.high))
    most = max((c for row in cells.counts for c in row), default=0) or 1
    wide = (across.end - across.start) / max(1, len(cells.counts))
    tall = (up.start - up.end) / max(1, len(cells.counts))
    levels = HEAT_LEVELS - 1
    for a, b in cells.dots:
        body += f'<circle class="f1" cx="{number(across.at(a))}" cy="{number(up.at(b))}" r="3" opacity=".7"/>'
    for row, counts in enumerate(() if cells.dots else cells.counts):
        for column, count in enumerate(counts):
            if count:
                level = 1 + min(levels - 1, int(levels * math.log1p(count) / math.log1p(most) * 0.999))
                left, top = across.start + column * wide, up.start - (row + 1) * tall
                body += box(left, top, wide, tall, f"h{level}")
    ends = f'x1="{number(across.start)}" y1="{number(up.start)}" x2="{number(across.end)}" y2="{number(up.end)}"'
    return drawing(WIDTH, 270, name, about, body + f'<line class="lq" {ends}/>')


def mark(size: int = 40) -> str:
    """The volvelle: an outer wheel with its marks, an inner disc with a window and a pointer."""
    strokes = ""
    for k in range(24):
        turn = math.tau * k / 24
        inner, outer = (15.2 if k % 6 == 0 else 16.6), 18.4
        a, b = (f"{number(20 + r * math.sin(turn))} {number(20 - r * math.cos(turn))}" for r in (inner, outer))
        strokes += f"M{a}L{b}"
    return (
        f'<svg class="mark" width="{size}" height="{size}" viewBox="0 0 40 40" aria-hidden="true" focusable="false">'
        '<g fill="none" stroke="currentColor"><circle cx="20" cy="20" r="19" stroke-width="1.4"/>'
        f'<path d="{strokes}" stroke-width="1.1"/><circle cx="20" cy="20" r="12.6" stroke-width="1.4"/></g>'
        '<path d="M20 20L20 9.4A10.6 10.6 0 0 1 29.2 14.7Z" fill="currentColor"/>'
        '<circle cx="20" cy="20" r="2" fill="currentColor"/></svg>'
    )


def _cell(place: tuple[float, float, float, float], count: int, share: float, what: str) -> str:
    x, y, wide, tall = place
    level = min(HEAT_LEVELS - 1, int(share * (HEAT_LEVELS - 1) + 0.5)) if count else 0
    middle, roomy = number(x + wide / 2), tall >= 36 and wide >= 44
    drawn = f"<g><title>{safe(clean(what, 160))}: {count:,} rows, {share:.1%} of the row</title>"
    drawn += box(x, y, wide, tall, f"h{level} gap")
    text = f"{count:,}" if span(f"{count:,}") < wide else short(count)
    lift = tall / 2 + (-2 if roomy else 4)
    drawn += f'<text class="mid o{level}" x="{middle}" y="{number(y + lift)}">{text}</text>'
    if roomy:
        drawn += f'<text class="mid o{level}" x="{middle}" y="{number(y + lift + 15)}">{share:.1%}</text>'
    return drawn + "</g>"


def frame(x: Axis, y: Axis) -> tuple[Scale, Scale, str]:
    """Axes with round ticks and labels; the scales and the drawing so far."""
    y_ticks, x_ticks = ticks(y.low, y.high), _powers(x) if x.log else ticks(x.low, x.high)
    left = 28 + max(span(short(t)) for t in y_ticks)
    across, up = Scale(x.low, x.high, left, WIDTH - 16), Scale(y.low, y.high, 224, 10)
    body = ""
    for tick in y_ticks:
        at = up.at(tick)
        body += f'<line class="grid" x1="{number(left)}" x2="{WIDTH - 16}" y1="{number(at)}" y2="{number(at)}"/>'
        body += f'<text class="end" x="{number(left - 6)}" y="{number(at + 4)}">{short(tick)}</text>'
    for tick in x_ticks:
        at = across.at(tick)
        body += f'<text class="mid" x="{number(at)}" y="241">{short(10.0**tick if x.log else tick)}</text>'
    body += f'<line class="axis" x1="{number(left)}" x2="{WIDTH - 16}" y1="224" y2="224"/>'
    body += f'<text class="mid" x="{number((left + WIDTH - 16) / 2)}" y="261">{safe(fit(clean(x.label), 280))}</text>'
    label = safe(fit(clean(y.label), 210))
    return across, up, body + f'<text class="mid" transform="translate(13 117) rotate(-90)">{label}</text>'


def _powers(axis: Axis) -> list[float]:
    """Ticks of a logarithmic axis: whole powers of ten, with 2 and 5 between where they are few."""
    steps = (0.0,) if axis.high - axis.low > 2 else (0.0, math.log10(2), math.log10(5))
    found = [k + s for k in range(math.floor(axis.low), math.ceil(axis.high)) for s in steps]
    return [t for t in found if axis.low <= t <= axis.high] or [axis.low, axis.high]


def _thin(points: Sequence[tuple[float, float]], most: int) -> Sequence[tuple[float, float]]:
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(k * step)] for k in range(most)]


def box(x: float, y: float, wide: float, tall: float, style: str, more: str = "") -> str:
    """A rectangle."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(tall)}"'
    return f'<rect class="{style}" {place}{" " + more if more else ""}/>'


def drawing(wide: float, tall: float, name: str, about: str, body: str, style: str = "chart") -> str:
    """A whole drawing with its name and what it shows."""
    words = f"<title>{safe(clean(name, 200))}</title>" + (f"<desc>{safe(clean(about, 300))}</desc>" if about else "")
    return f'<svg class="{style}" viewBox="0 0 {number(wide)} {number(tall)}" role="img">{words}{body}</svg>'


def safe(text: str) -> str:
    """Text that cannot be taken for markup."""
    return escape(text, quote=True)
