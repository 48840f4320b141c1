"""One turn of the wheel: run each stage whose inputs changed, take the rest from the cache.

The stages of the wheel are read from its text, so a turn in which nothing changed imports none of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from volvelle.catalog import import_late
from volvelle.errors import ContractBroken
from volvelle.flow.closure import Code
from volvelle.flow.context import Context, Notify, Now, complete, digest_json, stale
from volvelle.flow.environment import environment
from volvelle.flow.ledger import Ledger, Step
from volvelle.flow.store import Store
from volvelle.spec.requirements import Spec

WHEEL = "volvelle.flow.wheel:WHEEL"
STATE = ".volvelle"
GIVEN = ("spec", "context")
Stage = tuple[str, list[str], str]
"""``module:function``, its parameters, the record that it gives."""


class StageRow(NamedTuple):
    """What became of one stage in a turn."""

    name: str
    output: str
    reused: bool
    seconds: float
    reason: str


class Finished(NamedTuple):
    """A finished turn."""

    run: int
    fresh: bool
    """Whether nothing had to be computed and an earlier run stands."""
    stages: tuple[StageRow, ...]
    seconds: float

    def output(self, stage: str) -> str:
        """Digest of the record that a stage gave."""
        return next(row.output for row in self.stages if row.name == stage)


class Project:
    """The state beside one spec: store, ledger, code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.state = self.folder / STATE
        self.state.mkdir(parents=True, exist_ok=True)
        ignore = self.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        self.store = Store(self.state)
        self.ledger = Ledger(self.state / "ledger.db")
        self.code = Code(self.ledger)


def turn(project: Project, spec: Spec, notify: Notify, *, wheel: str = WHEEL, source: str = "") -> Finished:
    """Turn the wheel once.

    Args:
        project: where state lies.
        spec: the requirements, sound.
        notify: told of every stage and of progress inside it.
        wheel: ``module:NAME`` of the tuple of stages.
        source: the text of the spec file, kept with the run.

    Raises:
        InputError: a stage found the input wrong.
        ContractBroken: a stage was given or handed on what its contract forbids.
    """
    began = time.perf_counter()
    stages = project.code.stages(wheel)
    rows = tuple(row for _, _, row in _look(project, spec, stages) if row is not None)
    if len(rows) == len(stages) and (standing := _standing_run(project.ledger, rows)):
        return Finished(standing, True, rows, time.perf_counter() - began)
    kept = msgspec.json.encode({"text": source, "spec": msgspec.to_builtins(spec)})
    run = project.ledger.start_run(project.store.put(kept), environment(project.folder))
    try:
        rows = tuple(_turn_stages(project, spec, stages, run, notify))
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
        project.ledger.finish_run(run, status, str(error).partition("\n")[0])
        raise
    project.ledger.finish_run(run, "done")
    return Finished(run, False, rows, time.perf_counter() - began)


def explain(project: Project, spec: Spec, *, wheel: str = WHEEL) -> list[tuple[str, str]]:
    """For each stage: "unchanged", or why the next turn computes it."""
    answers: list[tuple[str, str]] = []
    first = ""
    for stage, now, row in _look(project, spec, project.code.stages(wheel)):
        name = _short(stage)
        if row is not None:
            answers.append((name, "unchanged"))
        elif now is None:
            answers.append((name, f"follows {first}"))
        else:
            first = first or name
            answers.append((name, _reason(project.ledger, stage, now)))
    return answers


def _look(project: Project, spec: Spec, stages: list[Stage]) -> list[tuple[str, Now | None, StageRow | None]]:
    """For every stage its present inputs and its cached output, as far as they are known without computing."""
    outputs: dict[str, str] = {}
    found: list[tuple[str, Now | None, StageRow | None]] = []
    for stage, parameters, result in stages:
        wanted = [p for p in parameters if p not in GIVEN]
        now = row = None
        if all(p in outputs for p in wanted):
            now = Now(spec, project.code, project.ledger, {p: outputs[p] for p in wanted})
            row = _cached(project, stage, now)
        found.append((stage, now, row))
        if row is not None:
            outputs[result.lower()] = row.output
    return found


def _turn_stages(project: Project, spec: Spec, stages: list[Stage], run: int, notify: Notify) -> Iterator[StageRow]:
    outputs: dict[str, str] = {}
    records: dict[str, msgspec.Struct] = {}
    for stage, parameters, result in stages:
        name = _short(stage)
        inputs = {p: outputs[p] for p in parameters if p not in GIVEN and p in outputs}
        now = Now(spec, project.code, project.ledger, inputs)
        with _alone(project, name, notify):
            row = _cached(project, stage, now)
            if row is None:
                reason = _reason(project.ledger, stage, now)
                notify("stage", {"stage": name, "state": "start", "reason": reason})
                row = _compute(project, spec, (stage, parameters, result), run, notify, now, records)._replace(
                    reason=reason
                )
        project.ledger.add_step(Step(run, name, row.output, row.reused, row.seconds, row.reason))
        notify("stage", {"stage": name, "state": "reused" if row.reused else "done", "seconds": row.seconds})
        outputs[result.lower()] = row.output
        yield row


def _cached(project: Project, stage: str, now: Now) -> StageRow | None:
    for needs, output, seconds in project.ledger.traces(stage, digest_json(now.inputs)):
        if all(map(project.store.has, (output, *needs["made"]))) and not stale(needs, now):
            return StageRow(_short(stage), output, True, seconds, "unchanged")
    return None


def _reason(ledger: Ledger, stage: str, now: Now) -> str:
    """Which input changed, against the execution that differs least."""
    differences = [stale(needs, now) for needs, _, _ in ledger.traces(stage)]
    if not differences:
        return "never run"
    least = min(differences, key=len)
    return ", ".join(least) or "its output is no longer in the store"


def _compute(
    project: Project,
    spec: Spec,
    stage: Stage,
    run: int,
    notify: Notify,
    now: Now,
    records: dict[str, msgspec.Struct],
) -> StageRow:
    """Execute a stage between the checks of its contract."""
    root, parameters, result = stage
    module, _, name = root.partition(":")
    home = import_late(module, f"stage {name!r}")
    function = getattr(home, name)
    began = time.perf_counter()
    context = Context(project.folder, project.store, project.ledger, run, notify)
    context.root, context.now = root, now
    given: dict[str, Any] = {}
    for parameter in parameters:
        if parameter == "spec":
            given[parameter] = context.tracked(spec)
        elif parameter == "context":
            given[parameter] = context
        elif parameter in now.inputs:
            given[parameter] = _record(project, parameter, now.inputs[parameter], home, records)
        else:
            raise ContractBroken(f"stage {name!r} needs {parameter!r}; put the stage that gives it before this one")
    with context.needs.watching():
        record = function(**given)
    if type(record).__name__ != result or not isinstance(record, msgspec.Struct):
        raise ContractBroken(f"stage {name!r} promises a {result} and gave a {type(record).__name__}")
    digest = project.store.put_record(record)
    seconds = time.perf_counter() - began
    needs = complete(context.needs, root, now.inputs, now)
    project.ledger.add_trace(root, digest_json(now.inputs), needs, digest, seconds)
    records[result.lower()] = record
    return StageRow(name, digest, False, seconds, "")


def _record(project: Project, name: str, digest: str, home: Any, records: dict[str, msgspec.Struct]) -> msgspec.Struct:
    """An input record; its type is the one that the stage's own module knows by that name."""
    kind = next(
        (
            v
            for k, v in vars(home).items()
            if k.lower() == name and isinstance(v, type) and issubclass(v, msgspec.Struct)
        ),
        None,
    )
    if kind is None:
        raise ContractBroken(f"{home.__name__} takes {name!r} and imports no record of that name; import it")
    if type(records.get(name)) is not kind:
        records[name] = project.store.get_record(digest, kind)
    return records[name]


def _standing_run(ledger: Ledger, rows: tuple[StageRow, ...]) -> int | None:
    """The newest finished run with exactly these outputs."""
    wanted = {row.name: row.output for row in rows}
    for run in reversed(ledger.runs()[-50:]):
        if run.status == "done" and {s.stage: s.output for s in ledger.steps(run.id)} == wanted:
            return run.id
    return None


@contextlib.contextmanager
def _alone(project: Project, stage: str, notify: Notify) -> Iterator[None]:
    """One process at a time computes a stage of a project; the system frees the lock of a killed one."""
    path = project.state / "locks" / stage
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            notify("stage", {"stage": stage, "state": "waiting"})
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _short(stage: str) -> str:
    return stage.rpartition(":")[2]
