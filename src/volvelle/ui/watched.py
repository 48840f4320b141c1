"""What people see of a model that is live: its state, and the decisions about it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from volvelle.flow.decisions import Decision
from volvelle.flow.watching import Watched
from volvelle.monitor.records import Alarm
from volvelle.spec.requirements import Spec
from volvelle.ui import terminal
from volvelle.ui.wording import SHAPES, clean, dimension_of, show_interval, show_value, title


def decided(decision: Decision) -> str:
    """One decision in a few lines."""
    verb = {"open": "is being decided", "promoted": "takes over", "kept": "does not take over"}[decision.outcome]
    lines = [f"The challenger of run {decision.run} {verb}: {clean(decision.because, 400)}"]
    more = f" and {len(decision.why) - 1} more" if len(decision.why) > 1 else ""
    lines.append(
        f"  asked for by {clean(decision.by, 60)}: {clean(decision.why[0] if decision.why else '', 200)}{more}"
    )
    rows = decision.rows
    if rows.test:
        lines.append(
            f"  {rows.source:,} rows of the source, {rows.live:,} live ones; {rows.fresh:,} are new to "
            f"{decision.champion}, and both answered the newest {rows.test:,}"
        )
    for tried in decision.tried:
        if tried.gain is not None and tried.gain.value is not None:
            interval = show_interval(tried.gain.low, tried.gain.high)
            gain = f"{show_value(tried.gain.value)} ({interval})" if interval else show_value(tried.gain.value)
            lines.append(
                f"  learnt from {tried.learnt} (run {tried.run}): {title(decision.metric)} {gain} on the champion's"
            )
    theirs = {v.gate: v for v in decision.verdicts}
    for verdict in decision.best.verdicts if decision.best else ():
        old = theirs.get(verdict.gate)
        unit = dimension_of(verdict.gate)
        beside = f"; champion {show_value(old.value, unit)}, {old.verdict}" if old else ""
        lines.append(f"  {clean(verdict.gate, 60)}: {show_value(verdict.value, unit)}, {verdict.verdict}{beside}")
    if decision.release:
        lines.append(f"  champion now: {decision.release}")
    return "\n".join(lines)


MARKS = {"ok": "✓", "notice": "~", "warning": "!", "fail": "✗", "broken": "✗"}
_SHOWN, _ALARMS = 12, 8


def state(watched: Watched, spec: Spec) -> str:
    """The state of the champion: a headline, its newest windows, what is wrong with them."""
    report, covered = watched.report, watched.coverage
    wrong = sum(w.state != "ok" for w in report.windows)
    lines = [f"{watched.release}: {headline(watched)}"]
    lines.append(
        f"  {covered.predictions:,} rows answered since {watched.since[:16].replace('T', ' ')}, {len(watched.known)} "
        f"windows of {watched.window:,}, {watched.waiting:,} rows wait; {wrong} windows with an alarm"
    )
    lines.append(f"  {outcomes_line(watched)}")
    if watched.gone:
        lines.append(f"  {watched.gone:,} older rows are gone, as [monitor] keep says")
    if watched.refused:
        lines.append(f"  {refused_line(watched)}")
    heads, rows = window_rows(watched)
    if rows:
        lines += ["", *terminal.aligned(heads, rows[-_SHOWN:], right=range(1, 3))]
    told = alarms_of(watched)[:_ALARMS]
    if told:
        lines += [
            "",
            *(f"  {'drift' if a.severity == 'drift' else a.severity}: {clean(a.sentence, 200)}" for a in told),
        ]
    lines += ["", *(f"  {sentence}" for sentence in (report.budget, *report.notes))]
    return terminal.fitting("\n".join(lines), sys.stdout)


def headline(watched: Watched) -> str:
    """What the newest window says, and the newest that outcomes have judged, in a sentence."""
    report = watched.report
    if not report.windows:
        return f"no whole window of {watched.window:,} rows yet"
    words = {
        "ok": "all is well",
        "notice": "the inputs have drifted",
        "warning": "quality is estimated to be too low",
        "fail": "a gate is missed",
        "broken": "the contract is broken",
    }
    return words[report.state]


def outcomes_line(watched: Watched) -> str:
    """How much is known by now."""
    covered = watched.coverage
    share = f" ({covered.known / covered.due:.0%})" if covered.due else ""
    parts = [f"outcomes known of {covered.known:,} of {covered.due:,} rows{share}"]
    parts += [f"{covered.young:,} not yet due"] if covered.young else []
    parts += [f"{covered.duplicates:,} told twice"] if covered.duplicates else []
    parts += [f"{covered.contradicting:,} of them contradict"] if covered.contradicting else []
    parts += [f"{covered.orphans:,} of no row"] if covered.orphans else []
    parts += [f"{covered.repeated:,} ids given twice"] if covered.repeated else []
    return "; ".join(parts)


def refused_line(watched: Watched) -> str:
    """How many requests got no answer, and why the most of them did not."""
    most = sorted(watched.refused.items(), key=lambda entry: -entry[1])[:3]
    told = ", ".join(f"{count:,} {clean(reason, 60)}" for reason, count in most)
    return f"{sum(watched.refused.values()):,} requests refused: {told}"


def alarms_of(watched: Watched) -> list[Alarm]:
    """The alarms of the newest window that has any and the newest loss, the weightiest first."""
    alarms = watched.report.alarms
    last = max((a.window for a in alarms), default=-1)
    lost = max((a.window for a in alarms if a.severity == "measured"), default=-1)
    order = {"broken": 0, "measured": 1, "estimate": 2, "drift": 3}
    shown = [a for a in alarms if a.window == last or (a.window == lost and a.severity == "measured")]
    return sorted(shown, key=lambda a: order[a.severity])


def window_rows(watched: Watched) -> tuple[list[str], list[list[str]]]:
    """Heads and one row for each window: state, until when, drift, estimated and measured quality."""
    gates = list(dict.fromkeys(v.gate for verdicts in watched.measured for v in verdicts))
    asked = {floor.metric for floor in watched.floors}
    estimated = list(dict.fromkeys(n for w in watched.report.windows for n in w.estimates if n in asked))
    heads = ["", "window", "rows", "until", "state", "drifted", *(f"{title(n)} est." for n in estimated), *gates]
    rows = []
    for at, window in enumerate(watched.report.windows):
        moved = [a for a in watched.report.alarms if a.window == at and a.severity in ("drift", "broken")]
        drifted = [a.feature for a in moved if a.feature]
        named = ", ".join(clean(n, 20) for n in dict.fromkeys(drifted))
        until = datetime.fromtimestamp((window.until or 0) / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
        said = {v.gate: v for v in (watched.measured[at] if at < len(watched.measured) else ())}
        measured = [f"{show_value(said[g].value)} {SHAPES[said[g].verdict][0]}" if g in said else "–" for g in gates]
        rows.append(
            [
                MARKS[window.state],
                str(at + 1),
                f"{window.rows:,}",
                until,
                window.state,
                clean(named, 40) or "–",
                *(show_value(window.estimates.get(name)) for name in estimated),
                *measured,
            ]
        )
    return heads, rows
