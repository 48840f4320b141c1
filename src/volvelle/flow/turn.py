"""One turn of the wheel: run each stage whose inputs changed, take the rest from the cache.

The stages of the wheel are read from its text, so a turn in which nothing changed imports none of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from volvelle.catalog import import_late
from volvelle.errors import ContractBroken, InputError, NotFound, near
from volvelle.flow.closure import Code
from volvelle.flow.context import Context, Notify, Now, complete, digest_json, stale
from volvelle.flow.environment import environment
from volvelle.flow.ledger import Ledger, Step
from volvelle.flow.store import ObjectLost, Store, write_atomic
from volvelle.spec.requirements import Spec

WHEEL = "volvelle.flow.wheel:WHEEL"
STATE = ".volvelle"
GIVEN = ("spec", "context")
_COMPARED = 200
"""Earlier executions of a stage among which the nearest is looked for when saying what changed."""
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
    """The state beside one spec: store, ledger, code.

    Args:
        folder: where the spec lies.
        existing: nothing is made; where no turn has been made there is nothing to look at.

    Raises:
        NotFound: `existing`, and there is no state.
        InputError: the folder cannot be written, or the ledger not be read.
    """

    def __init__(self, folder: Path, *, existing: bool = False) -> None:
        self.folder = folder.resolve()
        self.state = self.folder / STATE
        if existing and not self.state.is_dir():
            raise NotFound("no turn has been made here", where=str(self.folder), next_move="volvelle run")
        if not existing:
            self._make()
        self.store = Store(self.state)
        self.ledger = Ledger(self.state / "ledger.db")
        self.code = Code(self.ledger)

    def _make(self) -> None:
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            ignore = self.state / ".gitignore"
            if not ignore.exists():
                write_atomic(ignore, b"*\n")
        except OSError as error:
            advice = "state lies beside the spec: put the spec into a folder that can be written"
            raise InputError(
                f"no state can be kept here: {error.strerror}", where=str(self.state), next_move=advice
            ) from error


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
    project.code.forget()
    stages = project.code.stages(wheel)
    _check(stages)
    rows = tuple(row for _, _, row in _look(project, spec, stages) if row is not None)
    asked = msgspec.to_builtins(spec)
    if len(rows) == len(stages) and (standing := _standing_run(project, rows, asked)):
        return Finished(standing, True, rows, time.perf_counter() - began)
    kept = msgspec.json.encode({"text": source, "spec": asked})
    run = project.ledger.start_run(project.store.put(kept), environment(project.folder))
    turning = _Turning(project, spec, run, notify)
    try:
        rows = turning.all(stages)
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
        # The ledger may be what has failed; what is told is the first error.
        with contextlib.suppress(InputError):
            project.ledger.finish_run(run, status, str(error).partition("\n")[0])
        raise
    project.ledger.finish_run(run, "done")
    return Finished(run, False, rows, time.perf_counter() - began)


def explain(project: Project, spec: Spec, *, wheel: str = WHEEL) -> list[tuple[str, str]]:
    """For each stage: "unchanged", or why the next turn computes it."""
    answers: list[tuple[str, str]] = []
    first = ""
    project.code.forget()
    stages = project.code.stages(wheel)
    _check(stages)
    for stage, now, row in _look(project, spec, stages):
        name = _short(stage)
        if row is not None:
            answers.append((name, "unchanged"))
        elif now is None:
            answers.append((name, f"follows {first}"))
        else:
            first = first or name
            answers.append((name, _reason(project.ledger, stage, now)))
    return answers


def _check(stages: list[Stage]) -> None:
    """Compare what every stage takes with what those before it give, before anything is computed."""
    givers: dict[str, str] = {}
    for stage, parameters, result in stages:
        name = _short(stage)
        for parameter in parameters:
            if parameter in GIVEN or parameter in givers:
                continue
            later = next((_short(s) for s, _, r in stages if r.lower() == parameter), "")
            advice = f"put {later!r}, which gives it, before {name!r}" if later else near(parameter, [*givers, *GIVEN])
            raise ContractBroken(f"stage {name!r} takes {parameter!r}, which no stage before it gives; {advice}")
        if result.lower() in givers:
            raise ContractBroken(f"stages {givers[result.lower()]!r} and {name!r} both give a {result}")
        if name in givers.values():
            raise ContractBroken(f"two stages are called {name!r}; rename one")
        givers[result.lower()] = name


def _look(project: Project, spec: Spec, stages: list[Stage]) -> list[tuple[str, Now | None, StageRow | None]]:
    """For every stage its present inputs and its cached output, as far as they are known without computing."""
    outputs: dict[str, str] = {}
    found: list[tuple[str, Now | None, StageRow | None]] = []
    for stage, parameters, result in stages:
        wanted = [p for p in parameters if p not in GIVEN]
        now = row = None
        if all(p in outputs for p in wanted):
            now = _now(project, spec, {p: outputs[p] for p in wanted})
            row = _cached(project, stage, now)
        found.append((stage, now, row))
        if row is not None:
            outputs[result.lower()] = row.output
    return found


def _now(project: Project, spec: Spec, inputs: dict[str, str]) -> Now:
    return Now(spec, project.code, project.ledger, inputs, project.folder)


class _Turning:
    """One run in the making."""

    def __init__(self, project: Project, spec: Spec, run: int, notify: Notify) -> None:
        self._project, self._spec, self._run, self._notify = project, spec, run, notify
        self._records: dict[str, msgspec.Struct] = {}
        self._computed: dict[str, StageRow] = {}

    def all(self, stages: list[Stage]) -> tuple[StageRow, ...]:
        """Every stage in order. An object that turns out damaged is made anew by the stage that gave it."""
        for _ in stages:
            with contextlib.suppress(ObjectLost):
                return self._once(stages)
            self._records.clear()
        return self._once(stages)

    def _once(self, stages: list[Stage]) -> tuple[StageRow, ...]:
        outputs: dict[str, str] = {}
        rows = []
        for stage in stages:
            root, parameters, result = stage
            name = _short(root)
            now = _now(self._project, self._spec, {p: outputs[p] for p in parameters if p not in GIVEN})
            with _alone(self._project, name, self._notify):
                row = _cached(self._project, root, now) or self._compute(stage, now)
            earlier = self._computed.get(name)
            row = earlier if earlier and earlier.output == row.output else row
            step = Step(self._run, name, row.output, row.reused, row.seconds, row.reason)
            self._project.ledger.add_step(step)
            self._notify("stage", {"stage": name, "state": "reused" if row.reused else "done", "seconds": row.seconds})
            outputs[result.lower()] = row.output
            rows.append(row)
        return tuple(rows)

    def _compute(self, stage: Stage, now: Now) -> StageRow:
        """Execute a stage between the checks of its contract."""
        root, parameters, result = stage
        module, _, name = root.partition(":")
        project = self._project
        reason = _reason(project.ledger, root, now)
        self._notify("stage", {"stage": name, "state": "start", "reason": reason})
        project.code.hold([root])
        home = import_late(module, f"stage {name!r}")
        began = time.perf_counter()
        context = Context(project.folder, project.store, project.ledger, self._run, self._notify)
        context.place(root, now)
        given: dict[str, Any] = {"spec": context.tracked(self._spec), "context": context}
        given |= {p: _record(project, p, d, home, self._records) for p, d in now.inputs.items()}
        with context.needs.watching():
            record = getattr(home, name)(**{p: given[p] for p in parameters})
        if type(record).__name__ != result or not isinstance(record, msgspec.Struct):
            raise ContractBroken(f"stage {name!r} promises a {result} and gave a {type(record).__name__}")
        digest = project.store.put_record(record)
        seconds = time.perf_counter() - began
        needs = complete(context.needs, root, now.inputs, now)
        project.ledger.add_trace(root, digest_json(now.inputs), needs, digest, seconds)
        self._records[result.lower()] = record
        row = StageRow(name, digest, False, seconds, reason)
        self._computed[name] = row
        return row


def _cached(project: Project, stage: str, now: Now) -> StageRow | None:
    for needs, output, seconds in project.ledger.traces(stage, digest_json(now.inputs)):
        if all(map(project.store.has, (output, *needs["made"]))) and not stale(needs, now):
            return StageRow(_short(stage), output, True, seconds, "unchanged")
    return None


def _reason(ledger: Ledger, stage: str, now: Now) -> str:
    """Which input changed, against the execution that differs least."""
    differences = [stale(needs, now) for needs, _, _ in itertools.islice(ledger.traces(stage), _COMPARED)]
    if not differences:
        return "never run"
    least = min(differences, key=len)
    return ", ".join(least) or "its output is no longer in the store"


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


def _standing_run(project: Project, rows: tuple[StageRow, ...], asked: Any) -> int | None:
    """The newest finished run of this very spec with exactly these outputs."""
    wanted = {row.name: row.output for row in rows}
    spec = msgspec.json.decode(msgspec.json.encode(asked))
    for run in project.ledger.runs_that_gave(rows[-1].name, rows[-1].output):
        if {s.stage: s.output for s in project.ledger.steps(run.id)} != wanted:
            continue
        with contextlib.suppress(NotFound):
            if msgspec.json.decode(project.store.get(run.spec))["spec"] == spec:
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
