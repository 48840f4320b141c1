"""What watching found, as metrics: the server hands them on beside its own.

Format: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

from volvelle.flow.watching import Watched
from volvelle.serve.metrics import escaped

_STATES = ("ok", "notice", "warning", "fail", "broken")


def gauges(watched: Watched) -> str:
    """The state of the champion: 0 is ok, 4 a broken contract; what drifted, and what quality is.

    Args:
        watched: what was seen.
    """
    report, last = watched.report, len(watched.report.windows) - 1
    release = f'release="{escaped(watched.release)}"'
    lines = _gauge("watch_state", "State of the champion: 0 ok, 1 notice, 2 warning, 3 fail, 4 broken")
    lines.append(f"volvelle_watch_state{{{release}}} {_STATES.index(report.state)}")
    lines += _gauge("watch_windows", "Windows that were watched since the release answers")
    lines.append(f"volvelle_watch_windows{{{release}}} {len(report.windows)}")
    moved: dict[str, float] = {}
    for alarm in report.alarms:
        if alarm.window == last and alarm.severity == "drift":
            moved[alarm.feature] = max(moved.get(alarm.feature, 0.0), alarm.effect or 0.0)
    lines += _gauge("drift_effect", "Share of rows that moved, of what called in the newest window")
    lines += [f'volvelle_drift_effect{{{release},feature="{escaped(n)}"}} {v:.6g}' for n, v in moved.items()]
    lines += _gauge("quality_estimated", "Quality of the newest window, estimated from its scores")
    estimates = report.windows[-1].estimates if report.windows else {}
    lines += [f'volvelle_quality_estimated{{{release},metric="{n}"}} {v:.6g}' for n, v in estimates.items()]
    lines += _gauge("quality_measured", "Quality of the newest window whose outcomes are known")
    known = next((verdicts for verdicts in reversed(watched.measured) if verdicts), ())
    lines += [
        f'volvelle_quality_measured{{{release},gate="{escaped(v.gate)}"}} {v.value:.6g}'
        for v in known
        if v.value is not None
    ]
    return "\n".join(lines) + "\n"


def _gauge(name: str, about: str) -> list[str]:
    return [f"# HELP volvelle_{name} {about}.", f"# TYPE volvelle_{name} gauge"]
