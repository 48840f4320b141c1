"""Turns the wheel again: a challenger from new data against the champion, on the same sealed, newer rows.

The challenger is searched for as the champion was. It takes over when it meets every gate and is better by the margin
of the spec with confidence, or is no worse while the champion is sure to miss a gate. What was decided, and why, lies
in the ledger. An interrupted turn goes on with the rows that it had pinned.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from msgspec.structs import replace
from numpy.typing import NDArray

from volvelle.catalog import METRICS
from volvelle.data.versions import from_bytes
from volvelle.deploy.records import Release
from volvelle.errors import InputError, NotFound
from volvelle.evaluate import evidence as proving
from volvelle.evaluate.compare import chance, difference
from volvelle.evaluate.contract import Side
from volvelle.evaluate.judge import missed
from volvelle.evaluate.measure import given
from volvelle.evaluate.records import Measured, Verdict
from volvelle.evaluate.serial import blocks
from volvelle.evaluate.sides import side
from volvelle.flow import registry
from volvelle.flow.alone import alone
from volvelle.flow.context import Notify
from volvelle.flow.decisions import Decision, Tried, decisions, note, of_run, open_decision
from volvelle.flow.gathering import challenging, gather, lessons, pin
from volvelle.flow.ledger import now
from volvelle.flow.lesson import groups_of
from volvelle.flow.predictions import side_of
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.flow.unfinished import caught_up, unfinished
from volvelle.model.derive import target_codes
from volvelle.model.encode import encode
from volvelle.model.session import Session
from volvelle.model.signature import ModelTask, Signature
from volvelle.spec.gates import parse
from volvelle.spec.requirements import Spec
from volvelle.spec.write import write

Report = Callable[[Result], bytes]
"""Draws the report that a release holds."""
BY = "volvelle"
DEFAULT_WINDOW = 500


class Compared(NamedTuple):
    """Champion and challenger on the same rows."""

    metric: str
    gain: Measured
    chance: float | None
    """How probable so large a gain would be if both gave labels alike; None for metrics of scores."""
    champion: tuple[Verdict, ...]
    challenger: tuple[Verdict, ...]
    better: bool
    """Whether the challenger takes over."""
    because: str


class Seen(NamedTuple):
    """What was looked at before a challenger was asked for."""

    until: int = 0
    """Time of the newest row of a whole window; microseconds since 1970 UTC."""
    losses: tuple[int, ...] | None = None
    """Ends of the windows that miss a gate; None where nobody looked."""


def retrain(
    project: Project,
    spec: Spec,
    notify: Notify,
    *,
    why: tuple[str, ...],
    report: Report,
    by: str = BY,
    at: int = 0,
    seen: Seen | None = None,
) -> Decision:
    """Make a challenger and decide; the decision.

    Args:
        project: where releases and live rows lie.
        spec: the requirements.
        notify: told of progress.
        why: reasons, for the record.
        report: draws the report that a release holds.
        by: who asks for it.
        at: the time, in microseconds since 1970 UTC; now where 0.
        seen: what the reasons were found in; None where nobody looked.

    Raises:
        NotFound: nothing has been released.
        InputError: the data are wrong.
        Refused: too few rows are new to the champion, or another process makes a challenger.
    """
    with alone(project, "retrain"):
        caught_up(project)
        champion, folder = registry.champion(project)
        asked_for = _Asked(why, by, at or time.time_ns() // 1000, seen or Seen())
        decision = unfinished(project, champion.name) or _begun(project, spec, champion, asked_for)
        try:
            for position in range(len(decision.tried)):
                decision = _tried(project, spec, notify, decision, folder, position)
                note(project.ledger, decision)
        except InputError as error:
            # It would come again; an interrupt or a kill leaves the decision open, to be gone on with.
            note(project.ledger, replace(decision, outcome="kept", because=str(error), finished=now()))
            raise
        decision = _settled(project, decision, report, by)
        note(project.ledger, decision)
        return decision


def _tried(project: Project, spec: Spec, notify: Notify, decision: Decision, champion: Path, position: int) -> Decision:
    """The decision with one more challenger made and compared; `champion` is its release folder."""
    tried = decision.tried[position]
    asked = challenging(spec, tried.data, decision.unlogged)
    result = find(project, turn(project, asked, notify, source=write(asked)).run)
    model, signature = (champion / "model.onnx").read_bytes(), registry.signature_of(champion)
    found = compare(result, model, signature, spec, tries=len(decision.tried))
    tried = replace(
        tried,
        run=result.run.id,
        gain=found.gain,
        chance=found.chance,
        verdicts=found.challenger,
        better=found.better,
        because=found.because,
    )
    done = (*decision.tried[:position], tried, *decision.tried[position + 1 :])
    return replace(decision, tried=done, metric=found.metric, verdicts=found.champion)


def _settled(project: Project, decision: Decision, report: Report, by: str) -> Decision:
    """The decision with its outcome; a challenger that won is released."""
    best = _best(decision)
    decision = replace(decision, run=best.run, because=best.because, finished=now(), outcome="kept")
    if not best.better:
        return decision
    result = find(project, best.run)
    unproven = f"not proven by {decision.champion} either; {best.because}"
    page = report(result)
    with alone(project, "champion", wait=True):
        standing = registry.current(project)
        if standing is None or standing["name"] != decision.champion:
            now_is = standing["name"] if standing else "none"
            return replace(decision, because=f"{best.because}, but {now_is} became the champion meanwhile")
        made = registry.crown(result, page, by=by, accept_unproven=unproven)
    return replace(decision, outcome="promoted", release=made.release.name)


class _Asked(NamedTuple):
    why: tuple[str, ...]
    by: str
    at: int
    seen: Seen


def _begun(project: Project, spec: Spec, champion: Release, asked: _Asked) -> Decision:
    """A new decision, its rows pinned."""
    window = spec.monitor.window or DEFAULT_WINDOW
    gathered = gather(project, spec, champion, asked.at, window)
    pinned = {learnt: pin(project, frame) for learnt, frame in lessons(gathered, spec.problem.target).items()}
    return open_decision(
        project.ledger,
        at=datetime.fromtimestamp(asked.at / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        champion=champion.name,
        why=asked.why,
        by=asked.by,
        until=max(asked.seen.until, gathered.until),
        losses=asked.seen.losses,
        rows=gathered.rows,
        unlogged=gathered.unlogged,
        tried=tuple(Tried(learnt=learnt, data=path, version=version) for learnt, (path, version) in pinned.items()),
    )


def _best(decision: Decision) -> Tried:
    """The challenger that may take over, or came nearest; of several the one with the largest gain."""
    up = METRICS.fact(decision.metric, "DIRECTION") == "up"

    def rank(tried: Tried) -> tuple[bool, float]:
        gain = tried.gain.value if tried.gain and tried.gain.value is not None else -math.inf
        return tried.better, gain if up or gain == -math.inf else -gain

    return max(decision.tried, key=rank)


def promote(project: Project, run: int | None, report: Report, *, by: str, why: str) -> Decision:
    """Make a challenger the champion by hand: that of a run, the newest one by default.

    Raises:
        NotFound: there is no such run, or no challenger yet.
        Refused: one of its gates fails.
    """
    caught_up(project)
    known = of_run(project.ledger, run) if run is not None else next(iter(decisions(project.ledger)[::-1]), None)
    if run is None and (known is None or known.run is None):
        raise NotFound("there is no challenger yet", where=str(project.folder), next_move="volvelle retrain")
    result = find(project, run if run is not None or known is None else known.run)
    standing = registry.current(project)
    made = registry.release(result, report(result), by=by, accept_unproven=why)
    champion = standing["name"] if standing else ""
    decision = known or open_decision(project.ledger, at=now(), champion=champion, why=(why,), by=by)
    said = f"by hand ({by}): {why}"
    because = f"{decision.because}; {said}" if decision.because else said
    decision = replace(decision, outcome="promoted", run=result.run.id, release=made.release.name, because=because)
    note(project.ledger, replace(decision, finished=now()))
    return decision


def compare(result: Result, champion: bytes, signature: Signature, spec: Spec, *, tries: int = 1) -> Compared:
    """The challenger of a run against the champion, on the challenger's test rows.

    Args:
        result: the challenger's run.
        champion: the champion's ONNX file.
        signature: the champion's.
        spec: margin, gates and confidence.
        tries: challengers that stand against this champion; each must be surer the more there are (Bonferroni).

    Raises:
        InputError: the champion cannot answer these rows.
    """
    rows = from_bytes(result.project.store.get(result.scored.rows))
    new = result.model.signature
    stated, groups = given(spec.require), groups_of(rows, spec.data.group)
    ours = side_of(from_bytes(result.project.store.get(result.scored.predictions)), "test", new, groups, stated)
    theirs = _grouped(answered(champion, signature, rows, new, spec), groups)
    metric, level = result.searched.metric, 1 - (1 - spec.require.confidence) / tries
    ours, theirs, gain, alike = contest(metric, ours, theirs, new.task, level=level, seed=spec.search.seed)
    bar = tuple(text for text in spec.require.gates if parse(text).name in METRICS)
    case = proving.Case(
        signature=new,
        train=theirs,
        test=theirs,
        frame=rows,
        shares=result.scored.baseline,
        metric=metric,
        model_size=0,
        parity=0.0,
        level=spec.require.confidence,
        seed=spec.search.seed,
    )
    judged = proving.verdicts(case, bar)
    better, because = decide(metric, (gain, alike), judged, result.evidence.verdicts, level, spec.monitor.margin)
    return Compared(metric, gain, alike, judged, result.evidence.verdicts, better, because)


def contest(
    metric: str, ours: Side, theirs: Side, task: ModelTask, *, level: float, seed: int
) -> tuple[Side, Side, Measured, float | None]:
    """Both sides, rows that resemble their neighbours grouped; the gain with its interval; how probable by chance.

    Args:
        metric: what is compared.
        ours, theirs: answers of challenger and champion to the same rows, in the order of time.
        task: of both.
        level: of the interval.
        seed: of the resamples.
    """
    if ours.groups is None:
        serial = blocks(losses(ours) - losses(theirs))
        ours, theirs = _grouped(ours, serial), _grouped(theirs, serial)
    gain = difference(metric, ours, theirs, task, level=level, seed=seed)
    return ours, theirs, gain, chance(metric, ours, theirs, task, seed=seed)


def decide(
    metric: str,
    found: tuple[Measured, float | None],
    champion: tuple[Verdict, ...],
    challenger: tuple[Verdict, ...],
    level: float,
    margin: float = 0.0,
) -> tuple[bool, str]:
    """Whether the challenger takes over, and why.

    Args:
        metric: what is compared.
        found: challenger minus champion with its interval, and how probable so large a gain would be by chance.
        champion, challenger: their gates, measured on the same rows.
        level: of the interval.
        margin: what the challenger must be better by.
    """
    gain, alike = found
    sure = alike is None or alike <= (1 - level) / 2
    up = METRICS.fact(metric, "DIRECTION") == "up"
    ends = (gain.low, gain.high) if up else (gain.high, gain.low)
    least, most = (None if end is None else (end if up else -end) for end in ends)
    point = None if gain.value is None else gain.value if up else -gain.value
    lost = [v.gate for v in champion if missed(v)]
    proven = {v.gate for v in champion if v.verdict == "pass"}
    failed = [v.gate for v in challenger if v.verdict in ("fail", "not measured")]
    behind = [v.gate for v in challenger if v.verdict == "not proven" and v.gate in proven]
    if failed:
        return False, f"the challenger does not meet {_listed(failed)}"
    if behind:
        return False, f"the challenger does not prove {_listed(behind)}, which the champion proves"
    if point is None or least is None or most is None:
        return False, f"{metric} cannot be compared: {gain.note or 'there is no interval'}"
    if least > margin and sure:
        beyond = f" by more than the margin of {margin:g}" if margin else ""
        return True, f"{metric} is better{beyond} with confidence"
    if lost and point >= 0 <= most:
        return True, f"the champion misses {_listed(lost)}, and the challenger is no worse"
    if least > 0 and sure:
        return False, f"{metric} is better, but not by the margin of {margin:g} with confidence"
    if most < 0:
        return False, f"{metric} is worse with confidence"
    return False, f"{metric} is not better with confidence"


def answered(onnx: bytes, signature: Signature, rows: pl.DataFrame, like: Signature, spec: Spec) -> Side:
    """What a model answers to rows, as a side in the order of another model's classes.

    A class that the model does not know gets no probability from it.

    Raises:
        InputError: the rows lack what the model takes, or it answers something else.
    """
    if signature.task == "regression" or like.task == "regression":
        if signature.task != like.task:
            raise InputError(f"the champion answers a {signature.task} and the challenger a {like.task}")
        scores = Session(onnx).run(encode(rows, signature))["prediction"]
        return side(target_codes(rows, like), np.empty(0), scores, like, given=given(spec.require))
    answers = Session(onnx).run(encode(rows, signature))
    place = {name: at for at, name in enumerate(like.classes)}
    scores = np.zeros((rows.height, len(like.classes)))
    for at, name in enumerate(signature.classes):
        if name in place:
            scores[:, place[name]] = answers["scores"][:, at]
    known = np.asarray([place.get(name, -1) for name in signature.classes])[answers["label"]]
    labels = np.where(known < 0, scores.argmax(axis=1), known)
    return side(target_codes(rows, like), labels, scores, like, given=given(spec.require))


def losses(answers: Side) -> NDArray[np.float64]:
    """How wrong each row is: the distance, or 1 minus the probability of what is true."""
    if not len(answers.labels):
        return np.abs(answers.scores[:, 0] - np.asarray(answers.y, dtype=np.float64))
    hit = answers.scores[np.arange(len(answers.y)), answers.y.astype(np.int64)]
    return np.subtract(1.0, hit)


def _grouped(answers: Side, groups: NDArray[np.int64] | None) -> Side:
    """The side with other groups."""
    return Side(answers.y, answers.labels, answers.scores, groups, answers.given)


def _listed(gates: list[str]) -> str:
    return ", ".join(repr(gate) for gate in gates)
