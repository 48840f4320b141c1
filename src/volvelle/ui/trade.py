"""Quality against size and work: the front of a search as the report draws it."""

from __future__ import annotations

import math
from typing import Any

from volvelle.catalog import METRICS
from volvelle.evaluate.front import weighed
from volvelle.evaluate.records import Evidence, Weighed
from volvelle.flow.result import Result
from volvelle.ui import charts
from volvelle.ui.pages import drawn
from volvelle.ui.ranking import front_caption, front_heads, front_rows, placed
from volvelle.ui.scales import number, widened
from volvelle.ui.wording import sentence, size, title


def trade(result: Result) -> dict[str, Any] | None:
    """Chart and table of the report; None for a run whose candidates were not weighed."""
    evidence = result.evidence
    if len(evidence.front) < 2:
        return None
    return {
        "rows": front_rows(evidence),
        "caption": front_caption(evidence),
        "heads": [head[:1].upper() + head[1:] for head in front_heads(evidence)],
        **_chart(result),
    }


def _chart(result: Result) -> dict[str, Any]:
    evidence = result.evidence
    up = METRICS.fact(evidence.metric, "DIRECTION") == "up"
    on_device = placed(evidence)

    def bytes_of(point: Weighed) -> int | None:
        return point.flash if on_device else point.size

    points = [p for p in weighed(result.searched) if bytes_of(p)]
    kept = [p for p in evidence.front if bytes_of(p)]
    # Hopeless candidates must not press the front into one line.
    scores = sorted((p.score for p in points), reverse=up)
    shown = [*(p.score for p in kept), *scores[: max(1, 3 * len(scores) // 4)]]
    low, high = widened(min(shown), max(shown))
    limit = _limit(evidence) if on_device else None
    sizes = [math.log10(b / 1024) for b in (*map(bytes_of, (*points, *kept)), limit) if b]
    label = "KiB of flash" if on_device else "KiB of the ONNX file"
    x = charts.Axis(label, *widened(min(sizes), max(sizes)), log=True)
    across, up_, body = charts.frame(x, charts.Axis(title(evidence.metric), low, high))
    if limit:
        place, top, foot = (number(v) for v in (across.at(math.log10(limit / 1024)), up_.at(high), up_.at(low)))
        body += f'<g><title>at most {size(limit)}</title><path class="l2" d="M{place} {top}V{foot}"/></g>'

    def at(point: Weighed) -> tuple[float, float]:
        return across.at(math.log10((bytes_of(point) or 1) / 1024)), up_.at(point.score)

    for point in points:
        if low <= point.score <= high:
            a, b = at(point)
            body += f'<circle class="fq" cx="{number(a)}" cy="{number(b)}" r="2.5" opacity=".6"/>'
    for row, point in zip(front_rows(evidence), evidence.front, strict=True):
        if point not in kept:
            continue
        a, b = at(point)
        words = ", ".join(f"{cell} {head}" for head, cell in zip(front_heads(evidence)[1:], row[1:], strict=True))
        body += f'<g><title>{charts.safe(words)}</title><circle class="f1" cx="{number(a)}" cy="{number(b)}" r="4"/>'
        ring = f'<circle class="l1" cx="{number(a)}" cy="{number(b)}" r="8"/>' if point.shipped else ""
        body += ring + "</g>"
    name = sentence(f"{title(evidence.metric)} against {'flash' if on_device else 'size'}")
    costs = "flash, RAM and instructions" if on_device else "size and operations"
    note = f"Blue: no other candidate beats it in quality, {costs} at once; ringed: shipped. Grey: the others."
    note += " The line: what there is." if limit else ""
    svg = charts.drawing(charts.WIDTH, 270, name, note, body)
    return {"figure": {"title": name, "note": note, "svg": drawn(svg)}}


def _limit(evidence: Evidence) -> int | None:
    """The most flash that there is."""
    limits = evidence.constrained.limits if evidence.constrained else ()
    return min((round(limit.most) for limit in limits if limit.name == "flash"), default=None)
