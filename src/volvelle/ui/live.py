"""The page of a live model: one HTML file that stands alone, as the report of a run does."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

from volvelle.evaluate.records import VerdictKind
from volvelle.flow.decisions import Decision, decisions
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.flow.watching import Watched
from volvelle.monitor.records import State
from volvelle.spec.requirements import Spec
from volvelle.ui import charts
from volvelle.ui.charts import WIDTH, Axis, box, drawing, frame, safe
from volvelle.ui.pages import drawn, policy, render, style
from volvelle.ui.scales import fit, number, span, widened
from volvelle.ui.sections import Facts
from volvelle.ui.watched import alarms_of, headline, outcomes_line, refused_line, window_rows
from volvelle.ui.wording import Outcome, clean, show_interval, show_time, show_value, title

KINDS: dict[State, VerdictKind] = {
    "ok": "pass",
    "notice": "not proven",
    "warning": "not proven",
    "fail": "fail",
    "broken": "fail",
}
_WINDOWS, _FEATURES, _ALARMS, _DECISIONS = 60, 16, 30, 30


def write(project: Project, spec: Spec, watched: Watched, path: Path) -> Path:
    """Write the page; where it lies."""
    write_atomic(path, page(spec, watched, decisions(project.ledger)).encode("utf-8"))
    return path


def page(spec: Spec, watched: Watched, made: list[Decision]) -> str:
    """The page as text."""
    sheet, report = style(True), watched.report
    heads, rows = window_rows(watched)
    kind: VerdictKind = KINDS[report.state] if report.windows else "not measured"
    told = headline(watched)
    beneath = [outcomes_line(watched), *([refused_line(watched)] if watched.refused else [])]
    return render(
        "live.html",
        {
            "css": sheet,
            "policy": policy(sheet),
            "mark": drawn(charts.mark()),
            "problem": spec.problem,
            "release": watched.release,
            "outcome": Outcome(kind, told.capitalize(), " ".join(f"{line.capitalize()}." for line in beneath)),
            "tiles": _tiles(watched),
            "alarms": [
                {"window": a.window + 1, "severity": a.severity, "sentence": clean(a.sentence, 300)}
                for a in alarms_of(watched)[:_ALARMS]
            ],
            "courses": [_course(watched, gate) for gate in _gates(watched)],
            "drift": _drift(watched),
            "heads": heads[1:],
            "windows": [(KINDS[w.state], row[1:]) for w, row in zip(report.windows, rows, strict=True)][-_WINDOWS:],
            "earlier": max(0, len(rows) - _WINDOWS),
            "decisions": [_decision(d) for d in reversed(made[-_DECISIONS:])],
            "notes": [clean(n, 400) for n in (report.budget, *report.notes)],
            "until": _moment(watched.until),
        },
    )


def _tiles(watched: Watched) -> list[Facts]:
    covered, report = watched.coverage, watched.report
    wrong = sum(w.state != "ok" for w in report.windows)
    newest = next((v for v in reversed(watched.measured) if v), ())
    tiles = [
        {"label": "Rows answered", "value": f"{covered.predictions:,}", "note": f"since {show_time(watched.since)}"},
        {
            "label": "Windows with an alarm",
            "value": f"{wrong} of {len(report.windows)}",
            "note": f"of {watched.window:,} rows each",
        },
        {
            "label": "Outcomes known",
            "value": f"{covered.known / covered.due:.0%}" if covered.due else "–",
            "note": f"{covered.known:,} of {covered.due:,} rows",
        },
    ]
    for verdict in newest[:1]:
        interval = show_interval(verdict.low, verdict.high)
        label = f"{title(verdict.name)}, newest window"
        tiles.append({"label": label, "value": show_value(verdict.value), "note": interval or "no interval"})
    return tiles


def _gates(watched: Watched) -> list[str]:
    return list(dict.fromkeys(v.gate for verdicts in watched.measured for v in verdicts))[:6]


def _course(watched: Watched, gate: str) -> Facts:
    """A gate over the windows: measured with its interval, estimated, and the bound."""
    found = {at: v for at, verdicts in enumerate(watched.measured) for v in verdicts if v.gate == gate}
    first = next(iter(found.values()))
    named = {at: w.estimates[first.name] for at, w in enumerate(watched.report.windows) if first.name in w.estimates}
    estimated = {} if first.slice else named
    points = {at: v for at, v in found.items() if v.value is not None}
    ends = [e for v in points.values() for e in (v.value, v.low, v.high) if e is not None and math.isfinite(e)]
    low, high = widened(min([*ends, *estimated.values(), first.bound]), max([*ends, *estimated.values(), first.bound]))
    many = len(watched.report.windows)
    across, up, body = frame(Axis("window", 0.5, max(many, 2) + 0.5), Axis(title(first.name), low, high))
    bound = number(up.at(first.bound))
    body += f'<line class="lq" x1="{number(across.start)}" x2="{number(across.end)}" y1="{bound}" y2="{bound}"/>'
    if len(estimated) > 1:
        line = " ".join(f"{number(across.at(at + 1))},{number(up.at(e))}" for at, e in estimated.items())
        body += f'<polyline class="l2" points="{line}"/>'
    for at, verdict in points.items():
        x, style_of = number(across.at(at + 1)), "fail" if verdict.verdict == "fail" else "f1"
        if verdict.low is not None and verdict.high is not None:
            ends_at = f'y1="{number(up.at(verdict.low))}" y2="{number(up.at(verdict.high))}"'
            body += f'<line class="pale" x1="{x}" x2="{x}" {ends_at}/>'
        body += f'<circle class="{style_of}" cx="{x}" cy="{number(up.at(verdict.value or 0.0))}" r="3.5"/>'
    dashed = "; orange dashes: estimated from the scores" if len(estimated) > 1 else ""
    about = f"{clean(gate, 120)} in {len(points)} windows whose outcomes are known"
    return {
        "title": clean(gate, 120),
        "note": f"Points: measured, with interval; grey dashes: the bound{dashed}.",
        "svg": drawn(drawing(WIDTH, 270, clean(gate, 120), about, body)),
    }


def _drift(watched: Watched) -> Facts | None:
    """Features that moved, window by window: the darker, the larger the share of rows that moved."""
    moved = [a for a in watched.report.alarms if a.severity in ("drift", "broken") and a.feature]
    if not moved:
        return None
    weight: dict[str, float] = {}
    for a in moved:
        weight[a.feature] = max(weight.get(a.feature, 0.0), (a.effect or 1.0) * (1.0 + (a.importance or 0.0)))
    names = sorted(weight, key=lambda n: -weight[n])[:_FEATURES]
    last = len(watched.report.windows)
    shown = range(max(0, last - _WINDOWS), last)
    labels = [fit(clean(n), 120) for n in names]
    left = 10 + max(map(span, labels))
    wide, tall = (WIDTH - left - 4) / len(shown), 22
    body = ""
    for row, (name, label) in enumerate(zip(names, labels, strict=True)):
        y = 4 + tall * row
        body += f'<text class="end" x="{number(left - 6)}" y="{y + 15}">{safe(label)}</text>'
        for column, at in enumerate(shown):
            effect = max((a.effect or 1.0 for a in moved if a.feature == name and a.window == at), default=0.0)
            level = min(5, 1 + int(effect * 8)) if effect else 0
            words = f"{clean(name, 80)}, window {at + 1}: " + (
                f"{effect:.1%} of the rows moved" if effect else "no alarm"
            )
            body += f"<g><title>{safe(words)}</title>{box(left + wide * column, y, wide, tall, f'h{level} gap')}</g>"
    foot = 4 + tall * len(names) + 16
    body += f'<text x="{number(left)}" y="{foot}">{shown.start + 1}</text>'
    body += f'<text class="end" x="{WIDTH - 4}" y="{foot}">{last}</text>'
    body += f'<text class="mid" x="{number((left + WIDTH) / 2)}" y="{foot}">window</text>'
    about = f"{len(names)} columns over {len(shown)} windows; dark where many rows moved"
    return {
        "title": "What moved",
        "note": "The darker, the larger the share of rows that moved; columns that the model leans on stand first.",
        "svg": drawn(drawing(WIDTH, foot + 8, "What moved", about, body)),
        "more": len(weight) - len(names),
    }


def _decision(decision: Decision) -> Facts:
    best = decision.best
    gain = ""
    if best is not None and best.gain is not None and best.gain.value is not None:
        interval = show_interval(best.gain.low, best.gain.high)
        gain = f"{title(decision.metric)} {show_value(best.gain.value)}" + (f" ({interval})" if interval else "")
    kinds: dict[str, VerdictKind] = {"promoted": "pass", "kept": "not measured", "open": "not proven"}
    return {
        "kind": kinds[decision.outcome],
        "outcome": decision.outcome,
        "at": show_time(decision.at),
        "run": "–" if decision.run is None else str(decision.run),
        "why": clean(decision.why[0] if decision.why else "", 200),
        "more": max(0, len(decision.why) - 1),
        "because": clean(decision.because, 300),
        "gain": gain or "–",
        "by": clean(decision.by, 60),
        "release": clean(decision.release or "–", 60),
    }


def _moment(micro: int) -> str:
    return datetime.fromtimestamp(micro / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC") if micro else "no window yet"
