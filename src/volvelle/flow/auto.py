"""What is done about what was seen: people are told once, and the wheel turns where the spec says so.

A broken contract (a stuck sensor, another unit) is told; that such inputs have drifted is no reason to learn from them.
Loss and schedule are reasons even then: the challenger must win.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import NamedTuple

import msgspec

from volvelle.errors import Refused
from volvelle.flow import registry
from volvelle.flow.alone import alone
from volvelle.flow.context import Notify
from volvelle.flow.decisions import Decision, decisions
from volvelle.flow.gathering import live_folder
from volvelle.flow.gauges import gauges
from volvelle.flow.ledger import Ledger
from volvelle.flow.retraining import Report, Seen, retrain
from volvelle.flow.store import write_atomic
from volvelle.flow.telling import tell
from volvelle.flow.turn import Project
from volvelle.flow.unfinished import caught_up
from volvelle.flow.watching import Watched, crowned, look
from volvelle.monitor.records import Alarm
from volvelle.serve.metrics import WATCHED
from volvelle.spec.monitoring import Rule, rule
from volvelle.spec.requirements import Spec

_TOLD, _SINGLY = "told", "told singly"
"""Until when windows were told of, and the alarms that do not come with the end of a window."""


class Acted(NamedTuple):
    """What came of one look."""

    watched: Watched
    fresh: tuple[Alarm, ...]
    """Alarms that nobody had been told of."""
    reasons: tuple[str, ...]
    """Why the wheel should turn."""
    decision: Decision | None
    """What came of turning it."""
    problems: tuple[str, ...]
    """Who could not be told, and why the wheel could not turn."""

    @property
    def alarming(self) -> bool:
        """Whether something is wrong now, or was since the last look."""
        return bool(self.fresh) or self.watched.report.state != "ok"


def act(
    project: Project,
    spec: Spec,
    notify: Notify,
    *,
    report: Report,
    turn: bool = True,
    at: int = 0,
    since: datetime | None = None,
) -> Acted:
    """Watch, tell, and turn the wheel where the spec says so.

    Args:
        project: where the champion lives.
        spec: the requirements.
        notify: told of progress.
        report: draws the report that a release holds.
        turn: whether the wheel may turn.
        at: the time, in microseconds since 1970 UTC; now where 0.
        since: from when on to look, instead of since the champion is the champion.

    Raises:
        NotFound: nothing has been released, or the release holds no reference.
        InputError: a challenger was to be made and the data are wrong.
    """
    at = at or time.time_ns() // 1000
    caught_up(project)
    watched = look(project, spec, since=since, at=at)
    write_atomic(live_folder(project) / WATCHED, gauges(watched).encode())
    problems: list[str] = []
    with alone(project, "tell", wait=True):
        fresh = _fresh(project.ledger, watched)
        if fresh:
            problems += _told(project, spec, f"{watched.release}: {watched.report.state}", fresh, watched)
    reasons = why(watched, rule(spec.monitor.retrain), decisions(project.ledger), crowned(project.ledger), at)
    decision = None
    if turn and reasons and watched.release != registry.champion(project)[0].name:
        problems.append("not retrained: another process has changed the champion meanwhile")
    elif turn and reasons:
        try:
            seen = Seen(watched.until, tuple(map(watched.moment, _losses(watched))))
            decision = retrain(project, spec, notify, why=reasons, report=report, at=at, seen=seen)
        except Refused as error:
            problems.append(f"not retrained: {error.problem}")
        else:
            document = {"decision": msgspec.to_builtins(decision)}
            subject = f"{watched.release}: {decision.outcome}"
            lines = [*decision.why, decision.because]
            problems += tell(spec.monitor.tell, live_folder(project), subject, lines, document)
    return Acted(watched, fresh, reasons, decision, tuple(problems))


def why(watched: Watched, wanted: Rule, made: list[Decision], since: datetime, at: int) -> tuple[str, ...]:
    """The reasons to turn that no decision has answered yet.

    Args:
        watched: what was seen.
        wanted: when to retrain.
        made: decisions so far.
        since: since when the champion is the champion.
        at: the time, in microseconds since 1970 UTC.
    """
    answered = [d for d in made if d.champion == watched.release and d.outcome != "open"]
    reasons = []
    if wanted.drift and watched.report.state != "broken":
        until = max((d.until for d in answered), default=0)
        found = [a for a in _learnable(watched.report.alarms) if watched.moment(a) > until]
        reasons += [f"drift: {a.sentence}" for a in found][:3]
    floors = {gate.text for gate in wanted.floors}
    lost = [a for a in _losses(watched) if not any(d.knew(watched.moment(a)) for d in answered)]
    lost = [a for a in lost if wanted.loss or a.what in floors]
    reasons += [f"loss: {a.sentence}" for a in lost][-3:]
    if wanted.every is not None:
        turned = [datetime.fromisoformat(d.at) for d in made if watched.release in (d.champion, d.release)]
        seconds = at / 1e6 - max([since, *turned]).timestamp()
        if seconds >= wanted.every:
            reasons.append(f"schedule: {seconds / 86400:.1f} d since the last turn")
    return tuple(dict.fromkeys(reasons))


def _fresh(ledger: Ledger, watched: Watched) -> tuple[Alarm, ...]:
    """Alarms that nobody had been told of."""
    told = int(ledger.recall(_TOLD, watched.release) or 0)
    singly = {tuple(one) for one in ledger.recall(_SINGLY, watched.release) or ()}
    late = {tuple(one) for one in _single(watched)} - singly
    return tuple(
        a
        for a in watched.report.alarms
        if (_key(watched, a) in late if _comes_singly(watched, a) else watched.moment(a) > told)
    )


def _comes_singly(watched: Watched, alarm: Alarm) -> bool:
    """Whether an alarm may come at another time than its window: outcomes are late, and trouble waits for no end."""
    return alarm.severity == "measured" or alarm.window >= len(watched.known)


def _key(watched: Watched, alarm: Alarm) -> tuple[int, str, str]:
    return watched.moment(alarm), alarm.what, alarm.feature


def _single(watched: Watched) -> list[tuple[int, str, str]]:
    return sorted({_key(watched, a) for a in watched.report.alarms if _comes_singly(watched, a)})


def _losses(watched: Watched) -> list[Alarm]:
    return [a for a in watched.report.alarms if a.severity == "measured"]


def _learnable(alarms: tuple[Alarm, ...]) -> list[Alarm]:
    """Drift of windows in which nothing was broken, nor in those that they were looked at together with."""
    broken = {a.window for a in alarms if a.severity == "broken"}
    drift = [a for a in alarms if a.severity == "drift"]
    return [a for a in drift if broken.isdisjoint(range(a.window - a.span + 1, a.window + 1))]


def _told(project: Project, spec: Spec, subject: str, alarms: tuple[Alarm, ...], watched: Watched) -> list[str]:
    lines = [f"window {a.window + 1}: {a.sentence}" for a in alarms[:20]]
    if len(alarms) > 20:
        lines.append(f"and {len(alarms) - 20} more: volvelle watch")
    document = {"release": watched.release, "state": watched.report.state, "alarms": msgspec.to_builtins(alarms)}
    problems = tell(spec.monitor.tell, live_folder(project), subject, lines, document)
    project.ledger.remember(_TOLD, watched.release, watched.until)
    project.ledger.remember(_SINGLY, watched.release, _single(watched))
    return problems
