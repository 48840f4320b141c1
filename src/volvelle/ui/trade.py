"""Quality against size and work: the front of a search as the report draws it."""

from __future__ import annotations

import math
from typing import Any

from volvelle.catalog import METRICS
from volvelle.evaluate.front import weighed
from volvelle.flow.result import Result
from volvelle.ui import charts
from volvelle.ui.pages import drawn
from volvelle.ui.ranking import front_caption, front_rows
from volvelle.ui.scales import number, short, widened
from volvelle.ui.wording import clean, size, title


def trade(result: Result) -> dict[str, Any] | None:
    """Chart and table of the report; None for a run whose candidates were not weighed."""
    evidence = result.evidence
    if len(evidence.front) < 2:
        return None
    return {
        "rows": front_rows(evidence),
        "caption": front_caption(evidence),
        "metric": title(evidence.metric),
        **_chart(result),
    }


def _chart(result: Result) -> dict[str, Any]:
    evidence = result.evidence
    up = METRICS.fact(evidence.metric, "DIRECTION") == "up"
    points = weighed(result.searched)
    # Hopeless candidates must not press the front into one line.
    scores = sorted((p.score for p in points), reverse=up)
    shown = [*(p.score for p in evidence.front), *scores[: max(1, 3 * len(scores) // 4)]]
    low, high = widened(min(shown), max(shown))
    sizes = [math.log10(p.size / 1024) for p in (*points, *evidence.front)]
    x = charts.Axis("KiB of the ONNX file", *widened(min(sizes), max(sizes)), log=True)
    across, up_, body = charts.frame(x, charts.Axis(title(evidence.metric), low, high))

    def at(point: Any) -> tuple[float, float]:
        return across.at(math.log10(point.size / 1024)), up_.at(point.score)

    for point in points:
        if low <= point.score <= high:
            a, b = at(point)
            body += f'<circle class="fq" cx="{number(a)}" cy="{number(b)}" r="2.5" opacity=".6"/>'
    for point in evidence.front:
        a, b = at(point)
        words = (
            f"{clean(point.estimator, 40)}: {short(point.score)}, {size(point.size)}, {point.operations:,} operations"
        )
        body += f'<g><title>{charts.safe(words)}</title><circle class="f1" cx="{number(a)}" cy="{number(b)}" r="4"/>'
        ring = f'<circle class="l1" cx="{number(a)}" cy="{number(b)}" r="8"/>' if point.shipped else ""
        body += ring + "</g>"
    name = f"{title(evidence.metric)} against size"
    note = (
        "Blue: no other candidate beats it in quality, size and operations at once; ringed: shipped. Grey: the others."
    )
    svg = charts.drawing(charts.WIDTH, 270, name, note, body)
    return {"figure": {"title": name, "note": note, "svg": drawn(svg)}}
