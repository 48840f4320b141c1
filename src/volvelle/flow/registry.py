"""The local registry: releases, the champion among them, and the way back."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from volvelle.compiler.device import device
from volvelle.compiler.prove import compiled
from volvelle.data.versions import from_bytes
from volvelle.deploy import release as releasing
from volvelle.deploy.records import Release
from volvelle.errors import NotFound
from volvelle.flow.alone import alone
from volvelle.flow.gathering import SIDE
from volvelle.flow.ledger import now
from volvelle.flow.result import Result
from volvelle.flow.turn import Project
from volvelle.model.predictor import Predictor
from volvelle.model.signature import Signature
from volvelle.monitor.edges import require_int8
from volvelle.monitor.on_device import written
from volvelle.monitor.records import Reference
from volvelle.monitor.reference import ENOUGH, reference
from volvelle.spec.check import gates
from volvelle.spec.read import parse
from volvelle.spec.requirements import Spec
from volvelle.spec.write import write

_BACK = "rolled back"
_WINDOWS = 100, 5_000
"""Fewest and most rows of a window that the spec does not state."""


class Released(NamedTuple):
    """What came of asking for a release."""

    release: Release
    folder: Path
    new: bool
    """False where the same model and evidence had been released before; that release stands as it is."""


def release(result: Result, report: bytes, *, by: str = "", accept_unproven: str = "") -> Released:
    """Release a run and make it the champion.

    Args:
        result: a finished run.
        report: the HTML report.
        by: who releases; the system's user by default.
        accept_unproven: a person's reason to release gates that are met but not proven.

    Raises:
        Refused: a gate has not passed.
        InputError: the folder cannot be written.
    """
    with alone(result.project, "champion", wait=True):
        return crown(result, report, by=by, accept_unproven=accept_unproven)


def crown(result: Result, report: bytes, *, by: str = "", accept_unproven: str = "") -> Released:
    """`release` for who holds the lock on the champion."""
    evidence, project = result.evidence, result.project
    dimensions = {g.text: g.dimension for g in gates(result.spec)}
    accepted = releasing.approve(evidence, dimensions, accept_unproven=accept_unproven)
    content = files(result, report)
    made = Release(
        name=f"{result.spec.problem.name}-{result.run.id}",
        run=result.run.id,
        made=now(),
        by=by or user(),
        model=result.model.onnx,
        dataset=evidence.dataset,
        accepted=accepted,
        reason=accept_unproven,
        files=releasing.hashes(content),
    )
    place = project.state / "releases"
    made, standing = releasing.room_for(place, made)
    if standing is None:
        releasing.write(place, made, content)
    folder = place / made.name
    known = [r["id"] for r in project.ledger.releases() if r["name"] == made.name]
    if standing is None or not known:
        where = folder.relative_to(project.folder).as_posix()
        project.ledger.add_release(made.name, made.run, made.by, made.reason, where)
    elif (entry := current(project)) is None or entry["name"] != made.name:
        project.ledger.crown(known[-1], "released again")
    return Released(releasing.read(folder), folder, standing is None)


def files(result: Result, report: bytes) -> dict[str, bytes]:
    """What a release holds: file name to content."""
    store, model = result.project.store, result.model
    environment = {**json.loads(result.run.environment), "packages": model.versions}
    watched = reference_of(result)
    return {
        "model.onnx": result.onnx,
        "signature.json": pretty(model.signature),
        "volvelle.toml": (result.spec_text or write(result.spec)).encode(),
        "recipe.json": _indented(store.get(model.recipe)),
        "candidate.json": pretty(result.candidate),
        "evidence.json": pretty(result.evidence),
        "data.json": pretty(result.dataset),
        "environment.json": _indented(json.dumps(environment).encode()),
        "reference.json": msgspec.json.encode(watched),
        "report.html": report,
        **_compiled(result, watched),
    }


def reference_of(result: Result) -> Reference:
    """What later rows are held against: windows of the test side with the model's answers, oldest first."""
    spec, signature = result.spec, result.model.signature
    rows = from_bytes(result.project.store.get(result.scored.rows))
    rows, given = _ordered(rows, _answers(result, "test"), spec.data.time)
    if whole := spec.monitor.on_device == "int8":
        require_int8(from_bytes(result.project.store.get(result.split.train)), signature)
    window = spec.monitor.window or max(_WINDOWS[0], min(rows.height // 10, _WINDOWS[1]))
    return reference(
        rows,
        given,
        signature,
        window=window,
        seed=spec.search.seed,
        model=result.model.onnx,
        earlier=_earlier(result, rows) if rows.height < ENOUGH * window else None,
        whole=whole,
    )


def _earlier(result: Result, test: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Training rows that came before all test rows, and the model's answers to them; None where no order is known."""
    time, gathered = result.spec.data.time, result.spec.split.column == SIDE
    if time is None and not gathered:
        return None
    rows, given = from_bytes(result.project.store.get(result.split.train)), _answers(result, "train")
    if time is None:
        # Gathering puts what is new behind what was there, and holds the newest of it back.
        return rows, given
    before = rows[time] < test[time].min()
    return _ordered(rows.filter(before), given.filter(before), time)


def _answers(result: Result, side: str) -> pl.DataFrame:
    """What the model said to the rows of one side, as `monitor` takes it."""
    answers = from_bytes(result.project.store.get(result.scored.predictions)).filter(pl.col("side") == side)
    signature = result.model.signature
    told = answers["score_0"] if signature.task == "regression" else pl.Series(signature.classes)[answers["label"]]
    return answers.select(told.alias("prediction"), pl.selectors.starts_with("score_"))


def _ordered(rows: pl.DataFrame, given: pl.DataFrame, time: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and answers in the order of time, where there is one."""
    if time not in rows.columns:
        return rows, given
    order = rows[str(time)].arg_sort()
    return rows[order], given[order]


def contents(folder: Path) -> dict[str, bytes]:
    """What lies in a release folder: name, with a slash in a folder of it, to content."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _compiled(result: Result, watched: Reference) -> dict[str, bytes]:
    """The C that was proven on the device, in a folder of its own, with its counters; nothing without a device."""
    found = result.footprint
    if found is None or not found.files:
        return {}
    texts = msgspec.json.decode(result.project.store.get(found.files), type=dict[str, str])
    if result.spec.monitor.on_device:
        name = result.spec.problem.name or result.spec.problem.target
        narrow = device(found.device).narrow
        made = compiled(result.onnx, name, found.goal, found.precision, ram=found.room, narrow=narrow)
        texts |= written(made.sources, watched.edges, whole=result.spec.monitor.on_device == "int8")
    return {f"device/{name}": text.encode() for name, text in texts.items()}


def user() -> str:
    """Who works here: the system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no account has.
        return f"uid {os.getuid()}"


def current(project: Project) -> dict[str, Any] | None:
    """The ledger's entry of the champion, or None."""
    stack = _stack(project)
    return next(r for r in project.ledger.releases() if r["id"] == stack[-1]) if stack else None


def _stack(project: Project) -> list[int]:
    """The champions that can be gone back to, the present one last: rolling back takes away what came after."""
    stack: list[int] = []
    for change in project.ledger.champions():
        if change["why"].startswith(_BACK) and change["release"] in stack:
            stack = stack[: len(stack) - stack[::-1].index(change["release"])]
        else:
            stack.append(change["release"])
    return stack


def champion(project: Project) -> tuple[Release, Path]:
    """The champion and its folder, every file compared with its hash.

    Raises:
        NotFound: nothing has been released.
        InputError: a file of the release is absent or was changed.
    """
    entry = current(project)
    if entry is None:
        raise NotFound("nothing has been released here", where=str(project.folder), next_move="volvelle release")
    folder = project.folder / entry["path"]
    return releasing.read(folder), folder


def rollback(project: Project, *, to: str = "") -> tuple[Release, Path]:
    """Make an earlier release the champion again: the champion before, or the release named.

    Raises:
        NotFound: there is no such release.
    """
    with alone(project, "champion", wait=True):
        return _back(project, to)


def _back(project: Project, to: str) -> tuple[Release, Path]:
    entry = current(project)
    if entry is None:
        raise NotFound("nothing has been released here", where=str(project.folder), next_move="volvelle release")
    releases = {r["id"]: r for r in project.ledger.releases()}
    before = [n for n in _stack(project) if n != entry["id"]]
    target = [n for n, r in releases.items() if r["name"] == to] if to else before
    if not target:
        names = ", ".join(dict.fromkeys(r["name"] for r in releases.values()))
        raise NotFound(
            f"there is no release {to!r}" if to else f"{entry['name']} is the first champion; there is none before",
            where=str(project.folder),
            next_move=f"name one with --to; releases here: {names}",
        )
    chosen = releases[target[-1]]
    if chosen["name"] == entry["name"]:
        raise NotFound(f"{to} is the champion already", where=str(project.folder), next_move="volvelle runs")
    folder = project.folder / chosen["path"]
    found = releasing.read(folder)
    project.ledger.crown(chosen["id"], f"{_BACK} from {entry['name']}")
    return found, folder


def champion_model(project: Project) -> tuple[Predictor, Spec]:
    """The model of the champion release, and the spec that it was made by: it says how rows are read.

    Raises:
        NotFound: nothing has been released.
        InputError: a file of the release is absent or was changed.
    """
    _, folder = champion(project)
    spec = parse((folder / "volvelle.toml").read_text(encoding="utf-8-sig"), str(folder / "volvelle.toml"))
    return Predictor((folder / "model.onnx").read_bytes(), signature_of(folder)), spec


def signature_of(folder: Path) -> Signature:
    """The signature that lies in a release folder."""
    return msgspec.json.decode((folder / "signature.json").read_bytes(), type=Signature)


def pretty(record: msgspec.Struct) -> bytes:
    """A record as indented JSON."""
    return _indented(msgspec.json.encode(record))


def _indented(content: bytes) -> bytes:
    return msgspec.json.format(content, indent=2)
