"""Watches the champion: the live log cut into windows, each held against the release's own reference."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
from msgspec.structs import replace

from volvelle.catalog import METRICS
from volvelle.errors import NotFound
from volvelle.evaluate.judge import judge, missed
from volvelle.evaluate.measure import given
from volvelle.evaluate.records import Measured, Verdict
from volvelle.flow import registry
from volvelle.flow.gathering import due_before, live_folder
from volvelle.flow.ledger import Ledger
from volvelle.flow.outcomes import OUTCOME, Coverage, join
from volvelle.flow.refusing import Refusing, refusing
from volvelle.flow.result import find
from volvelle.flow.turn import Project
from volvelle.flow.windows import UNREADABLE, Kept, answered, outcomes_of
from volvelle.model.signature import ModelTask, Signature
from volvelle.monitor.broken import broken
from volvelle.monitor.quality import measured
from volvelle.monitor.records import Alarm, Edges, Floor, Policy, Reference, Report, Result, Sketch, Window, digest
from volvelle.monitor.sketch import sketch
from volvelle.monitor.watch import watch, worst
from volvelle.serve.keeping import gone_of, let_go
from volvelle.serve.log import column_name, outcomes, predictions, refused, settle
from volvelle.spec.gates import Gate, parse
from volvelle.spec.monitoring import alarms_a_year, discovery_rate, kept_for, rule
from volvelle.spec.requirements import Record, Spec

REFERENCE = "reference.json"
_NEWEST = 100
"""So many rows are looked at for what is broken before their window is whole; who tries a server out sends fewer."""
_YEAR = 365.25 * 86400e6
_PACES = (12.0, 52.0, 365.0, 8766.0)
"""Windows a year that the observed number is rounded to, so that old windows are not judged anew with every new one."""


class Watched(Record, frozen=True):
    """The state of the champion."""

    release: str
    since: str
    """From when on rows were looked at; UTC, ISO 8601."""
    window: int
    """Rows of a window."""
    waiting: int
    """Rows that do not make a window yet."""
    until: int
    """Time of the newest row of a whole window, microseconds since 1970 UTC; 0 without one."""
    task: ModelTask
    coverage: Coverage
    report: Report
    floors: tuple[Floor, ...]
    """What quality is held against."""
    measured: tuple[tuple[Verdict, ...], ...]
    """Of each window the gates on metrics, where enough outcomes are known."""
    known: tuple[int, ...]
    """Of each window the rows whose outcome is known."""
    torn: int = 0
    """Files of the log that could not be read and were set aside."""
    gone: int = 0
    """Rows that were answered and that the log has let go of."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Requests that were refused, by reason and by the feature that it is about."""

    def moment(self, alarm: Alarm) -> int:
        """The time by which an alarm is known for new: where its window ends, or where trouble began in one that is not
        whole yet."""
        window = self.report.windows[alarm.window]
        return (window.until if alarm.window < len(self.known) else window.since) or 0


def look(project: Project, spec: Spec, *, since: datetime | None = None, at: int = 0) -> Watched:
    """Settle the live log and watch what the champion answered since it is the champion.

    Args:
        project: where the release and the log lie.
        spec: the requirements, those of ``[monitor]`` among them.
        since: from when on, instead.
        at: the time, in microseconds since 1970 UTC; now where 0.

    Raises:
        NotFound: nothing has been released, or the release holds no reference.
    """
    at = at or time.time_ns() // 1000
    torn = settle(live_folder(project)).torn
    let_go(live_folder(project), kept_for(spec.monitor), at=at)
    try:
        return _look(project, spec, since, at, torn)
    except UNREADABLE:
        # This sets aside what is torn; what was gone or changed meanwhile is read as it is now.
        predictions(live_folder(project))
        return _look(project, spec, since, at, torn)


def _look(project: Project, spec: Spec, since: datetime | None, at: int, torn: int) -> Watched:
    release, folder = registry.champion(project)
    reference, signature = reference_of(folder), registry.signature_of(folder)
    begin = since or crowned(project.ledger)
    log = answered(project, release.name, begin)
    told = outcomes(live_folder(project)).join(log.others, on="id", how="anti")
    due = due_before(spec, at)
    joined = join(log.rows, told, due=due)
    gone = _gone(project, release.name, begin)
    parts = windows(joined.rows, reference.window, gone)
    policy, gates = policy_of(spec, parts, reference.window), floors(spec)
    kept = Kept(project, log, (digest(reference.edges), signature))
    found = [_measured(kept, part, signature, policy, gates, spec.search.seed, due) for part in parts]
    shut = refusing(refused(live_folder(project)), release.name, begin, parts)
    sketches = [_counted(kept, part, signature, reference.edges, shut.errors(k)) for k, part in enumerate(parts)]
    waiting = joined.rows.slice(_cut(reference.window, gone) + len(parts) * reference.window)
    halted = _halted(kept, waiting, signature, reference, len(parts))
    kept.forget()
    report = watch(
        reference,
        sketches,
        policy,
        importance=importance(project, release.run),
        measured=[
            *(alarm for place, part in enumerate(parts) for alarm in shut.alarms(place, part)),
            *(alarm(verdict, place) for place, verdicts in enumerate(found) for verdict in verdicts if missed(verdict)),
        ],
    )
    return Watched(
        release=release.name,
        since=begin.isoformat(timespec="seconds").replace("+00:00", "Z"),
        window=reference.window,
        waiting=waiting.height,
        until=int(parts[-1]["at"].dt.timestamp("us").max()) if parts else 0,  # type: ignore[arg-type]
        task=signature.task,
        coverage=joined.coverage,
        report=_standing(_with_unfinished(report, shut, waiting, at, halted), found),
        floors=policy.floors,
        measured=tuple(found),
        known=tuple(part[OUTCOME].len() - part[OUTCOME].null_count() for part in parts),
        torn=torn,
        gone=gone,
        refused=shut.total(),
    )


def _halted(kept: Kept, waiting: pl.DataFrame, signature: Signature, reference: Reference, window: int) -> list[Alarm]:
    """What is broken by the newest rows that wait: it is not waited for the rest of their window."""
    if waiting.height < _NEWEST:
        return []
    return broken(reference, _counted(kept, waiting.tail(_NEWEST), signature, reference.edges, 0), window)


def _with_unfinished(report: Report, shut: Refusing, waiting: pl.DataFrame, at: int, halted: list[Alarm]) -> Report:
    """A report that has one window more where what came since the last whole one breaks the contract.

    Args:
        report: on the whole windows.
        shut: what was refused.
        waiting: rows that make no window yet.
        at: the time, in microseconds since 1970 UTC.
        halted: what is broken by those rows.
    """
    place = len(report.windows)
    found = shut.unfinished(place, waiting, at)
    if found is None and not halted:
        return report
    since, until = (int(waiting["at"].dt.timestamp("us")[k]) if waiting.height else None for k in (0, -1))
    whole = Window(rows=waiting.height, errors=shut.errors(place), state="broken", since=since, until=until)
    window, alarms = found or (whole, [])
    return replace(report, windows=(*report.windows, window), alarms=(*report.alarms, *alarms, *halted))


def _standing(report: Report, judged: list[tuple[Verdict, ...]]) -> Report:
    """A report whose state is that of the newest window, and of the newest one that outcomes have judged."""
    newest = len(report.windows) - 1
    last = max((place for place, verdicts in enumerate(judged) if verdicts), default=-1)
    standing = [a for a in report.alarms if a.window == newest or (a.window == last and a.severity == "measured")]
    return replace(report, state=worst(standing))


def reference_of(folder: Path) -> Reference:
    """The reference that lies in a release.

    Raises:
        NotFound: the release was made before there were any.
    """
    path = folder / REFERENCE
    if not path.is_file():
        raise NotFound(
            f"release {folder.name} holds no {REFERENCE}: it was made before models were watched",
            where=str(folder),
            next_move="volvelle run --release makes a release that does",
        )
    return msgspec.json.decode(path.read_bytes(), type=Reference)


def crowned(ledger: Ledger) -> datetime:
    """Since when the champion is the champion."""
    return datetime.fromisoformat(ledger.champions()[-1]["at"]).astimezone(UTC)


def windows(rows: pl.DataFrame, size: int, gone: int = 0) -> list[pl.DataFrame]:
    """Whole windows of rows, oldest first; the newest rows wait until theirs is whole.

    Args:
        rows: oldest first.
        size: of a window.
        gone: rows before them that the log let go of; what is left of a window of theirs is none.
    """
    return [rows.slice(start, size) for start in range(_cut(size, gone), rows.height - size + 1, size)]


def _gone(project: Project, release: str, since: datetime) -> int:
    """Rows of a release that the log let go of, since the day of a time."""
    day = f"{since.astimezone(UTC):%Y-%m-%d}"
    return sum(one.rows for one in gone_of(live_folder(project)) if one.release == release and one.day >= day)


def _cut(size: int, gone: int) -> int:
    """Rows that belong to a window of which some rows are gone."""
    return -gone % size


def _named(rows: pl.DataFrame, signature: Signature) -> pl.DataFrame:
    """Logged rows by their own names: ``row.<name>`` is called so where nothing else is."""
    back = {c: c.removeprefix("row.") for c in rows.columns if c.startswith("row.")}
    return rows.rename({c: n for c, n in back.items() if n not in rows.columns})


def features(rows: pl.DataFrame, signature: Signature) -> pl.DataFrame:
    """The features of logged rows, by their own names."""
    named = {f.name: column_name(f.name) for f in signature.features}
    return rows.select(pl.col(column).alias(name) for name, column in named.items() if column in rows.columns)


def policy_of(spec: Spec, parts: list[pl.DataFrame], window: int) -> Policy:
    """When to call, by the spec and the pace at which windows fill."""
    return Policy(
        false_alarms=alarms_a_year(spec.monitor.false_alarms),
        windows_per_year=_pace(parts),
        fdr=discovery_rate(spec.monitor.drift),
        window=window,
        effect=spec.monitor.effect,
        tests=spec.monitor.tests,
        floors=tuple(Floor(metric=g.name, bound=g.bound, where=g.where) for g in floors(spec)),
        confidence=spec.require.confidence,
        settings=given(spec.require),
    )


def floors(spec: Spec) -> tuple[Gate, ...]:
    """The gates that live rows can be held against: those on metrics, and the conditions of ``retrain``."""
    gates = [gate for text in spec.require.gates if (gate := parse(text)).name in METRICS]
    return tuple(dict.fromkeys([*gates, *rule(spec.monitor.retrain).floors]))


def importance(project: Project, run: int) -> dict[str, float]:
    """How much the model leans on each feature, where the run is still known."""
    try:
        explained = find(project, run).explanation
    except NotFound:
        return {}
    return {i.column: i.value for i in (explained.importances if explained else ()) if i.value and i.value > 0}


def alarm(verdict: Verdict, window: int) -> Alarm:
    """A gate that a window misses for certain."""
    about = f" where {verdict.slice}" if verdict.slice else ""
    sentence = (
        f"{verdict.name}{about} was {verdict.value:.3g} ({verdict.low:.3g} to {verdict.high:.3g}) on {verdict.rows:,} "
        f"rows whose outcome is known; the bound is {verdict.comparison} {verdict.bound:g}"
    )
    return Alarm(severity="measured", window=window, what=verdict.gate, sentence=sentence, effect=verdict.value)


def _counted(kept: Kept, part: pl.DataFrame, signature: Signature, edges: Edges, errors: int) -> Sketch:
    """The sketch of a window."""

    def count(rows: pl.DataFrame) -> Sketch:
        return sketch(features(rows, signature), rows, edges, errors=errors)

    found: Sketch = kept.get(Sketch, "volvelle.flow.watching:_counted", part, errors, count)
    return found


def _measured(
    kept: Kept,
    part: pl.DataFrame,
    signature: Signature,
    policy: Policy,
    gates: tuple[Gate, ...],
    seed: int,
    due: int | None,
) -> tuple[Verdict, ...]:
    """What the outcomes of a window say, gate by gate; nothing while one is not due, or too few are known."""

    def judged(rows: pl.DataFrame) -> tuple[Verdict, ...]:
        said = _named(rows, signature).with_columns(part[OUTCOME], window=pl.lit(0))
        [window] = measured(said, signature, policy, seed=seed)
        results = {(r.metric, r.where): r for r in window.results if window.mature}
        asked = [(gate, results[gate.name, gate.where]) for gate in gates if (gate.name, gate.where) in results]
        return tuple(judge(gate, _result(result)) for gate, result in asked)

    young = due is not None and int(part["at"].dt.timestamp("us").max()) > due  # type: ignore[arg-type]
    if young or not part[OUTCOME].len() - part[OUTCOME].null_count():
        return ()
    held = (policy.floors, policy.confidence, policy.coverage, policy.settings, [g.text for g in gates], seed)
    facts = (outcomes_of(part), held)
    found: tuple[Verdict, ...] = kept.get(tuple[Verdict, ...], "volvelle.flow.watching:_measured", part, facts, judged)
    return found


def _result(result: Result) -> Measured:
    return Measured(
        value=result.value, low=result.low, high=result.high, rows=result.rows, note=result.note, sampled=True
    )


def _pace(parts: list[pl.DataFrame]) -> float:
    """Windows a year, rounded; one a day while less than a week is known."""
    if not parts:
        return 365.0
    first, last = (int(parts[at]["at"].dt.timestamp("us")[at]) for at in (0, -1))
    if last - first < 7 * 86400e6:
        return 365.0
    seen = len(parts) / (last - first) * _YEAR
    return min(_PACES, key=lambda pace: abs(pace / seen - 1.0) if pace >= seen else seen / pace - 1.0)
