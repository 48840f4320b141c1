"""What people see of a model that is live: its state, and the decisions about it."""

from __future__ import annotations

from volvelle.flow.decisions import Decision
from volvelle.ui.wording import clean, show_interval, show_value, title


def decided(decision: Decision) -> str:
    """One decision in a few lines."""
    verb = {"open": "is being decided", "promoted": "takes over", "kept": "does not take over"}[decision.outcome]
    lines = [f"The challenger of run {decision.run} {verb}: {clean(decision.because, 400)}"]
    lines.append(f"  asked for by {clean(decision.by, 60)}: {clean('; '.join(decision.why), 300)}")
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
        beside = f"; champion {show_value(old.value)}, {old.verdict}" if old else ""
        lines.append(f"  {clean(verdict.gate, 60)}: {show_value(verdict.value)}, {verdict.verdict}{beside}")
    if decision.release:
        lines.append(f"  champion now: {decision.release}")
    return "\n".join(lines)
