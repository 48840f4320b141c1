"""Drafts a spec from a table: what `volvelle init` writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from volvelle.compiler.device import device
from volvelle.data.collect import collect, named_columns, require_columns
from volvelle.data.explore import explore
from volvelle.data.finding import Finding
from volvelle.data.records import Dataset
from volvelle.data.table import Asked
from volvelle.errors import DataError, InputError, near
from volvelle.flow.baseline import propose
from volvelle.flow.stages.admit import answerable
from volvelle.model.derive import derive, known_target
from volvelle.model.signature import ModelTask, Signature
from volvelle.prepare.pairs import listed
from volvelle.spec.requirements import Data, Device, FeatureSpec, Problem, Require, Spec, Task

_GATES: dict[ModelTask, tuple[str, ...]] = {
    "binary": ("roc_auc >= 0.7", "balanced_accuracy >= 0.6"),
    "multiclass": ("balanced_accuracy >= 0.5",),
    "regression": ("r2 >= 0.3",),
}
_MARKS = 5
"""From so many whole-number classes on, they may be an order."""


def draft(file: str, asked: Mapping[str, str | None], folder: Path) -> tuple[Spec, dict[str, str]]:
    """A sound spec for a table, and sentences for each choice by dotted key.

    Leak suspects and names of rows are set aside with the reason; a time that orders the rows, groups and protected
    attributes are named; gates come from a quick baseline on what is left.

    Args:
        file: the table, as the spec will name it.
        asked: target, positive, time, group, name and device as far as the user gave them.
        folder: where relative paths start.

    Raises:
        InputError: the table cannot be read, or the target is not named or not there.
    """
    place = _place(asked.get("device"))
    frame, dataset = collect(Data(source=file), {}, folder)
    target = _target(file, asked, [column.name for column in dataset.columns])
    problem = Problem(target=target, positive=asked.get("positive"), name=asked.get("name") or _name(file))
    known, dropped = known_target(frame, target)
    data, aside, notes = _structure(frame, dataset, asked, Data(source=file), problem)
    first = _first(Spec(problem=problem, data=data), dataset, known, aside)
    signature, found = derive(first, dataset, known)
    unused = _left_out(dataset, {target, data.time, data.group, *(f.name for f in signature.features)})
    aside = {name: sentence for name, sentence in aside.items() if name in unused}
    if unused:
        others = [n for n in found if any(repr(c) in n for c in unused if c not in aside)]
        notes["data.ignore"] = "\n".join(dict.fromkeys([*aside.values(), *others])) or "set aside"
    if dropped:
        notes["problem.target"] = f"{dropped} of {len(frame)} rows have no target; they are left out."
    task: Task = "regression" if signature.task == "regression" else "classification"
    if task == "classification" and next(c.kind for c in dataset.columns if c.name == target) == "integer":
        notes |= _ordered(signature)
    described = Problem(
        name=problem.name,
        statement=f"Predict {target} from {len(signature.features)} columns of {Path(file).name}",
        task=task,
        target=target,
        positive=signature.classes[signature.positive] if signature.positive is not None else None,
    )
    words = {f.name: FeatureSpec(role="text") for f in signature.features if f.kind == "text"}
    spec = Spec(problem=described, data=replace(data, ignore=unused), features=words)
    notes |= _open(frame, dataset, spec)
    proposed = propose(spec, frame, dataset)
    notes["require.gates"] = (
        proposed.reason if proposed else f"A first proposal: set these to what {problem.name} must achieve."
    )
    if place is not None:
        notes["device.core"] = "The search keeps to its memory; a core has none of its own: set what your board leaves."
    gates = proposed.gates if proposed else _GATES[signature.task]
    return replace(spec, require=Require(gates=gates), device=place), notes


def _place(name: str | None) -> Device | None:
    """The device of that name, with memory to begin with where it is a bare core.

    Raises:
        NotFound: no such device.
    """
    if not name:
        return None
    found = device(name)
    bare = found.flash is None
    return Device(core=found.name, flash="64 KiB" if bare else None, ram="8 KiB" if bare else None)


def _target(file: str, asked: Mapping[str, str | None], names: list[str]) -> str:
    target = asked.get("target")
    if not target:
        raise InputError(
            f"which of {len(names)} columns is to be predicted?",
            where=file,
            next_move=f"add --target COLUMN; columns: {', '.join(names[:30])}",
        )
    for option in ("target", "time", "group"):
        if (column := asked.get(option)) and column not in names:
            raise InputError(f"--{option}: there is no column {column!r}", where=file, next_move=near(column, names))
    return target


def _structure(
    frame: pl.DataFrame, dataset: Dataset, asked: Mapping[str, str | None], data: Data, problem: Problem
) -> tuple[Data, dict[str, str], dict[str, str]]:
    """What orders and groups the rows and who is protected, the columns to set aside, and notes.

    Looked for twice: what is left when the plain leaks are gone may hide another.
    """
    notes: dict[str, str] = {}
    data = replace(data, time=asked.get("time") or None, group=asked.get("group") or None)
    found = _findings(frame, dataset, data, problem)
    if not data.time and not data.group:
        data, notes = _ordering(data, found)
    if protected := [f for f in found if f.name == "protected" and f.columns[0] not in (data.time, data.group)]:
        data = replace(data, sensitive=tuple(column for f in protected for column in f.columns))
        notes["data.sensitive"] = (
            f"Protected by name: {', '.join(data.sensitive)}. Every metric is also shown for each value; "
            "to keep such a column out of the model, put it under ignore too."
        )
    aside = _aside(found, data)
    again = _findings(frame, dataset, replace(data, ignore=tuple(aside)), problem)
    return data, _aside(again, data, aside), notes


def _findings(frame: pl.DataFrame, dataset: Dataset, data: Data, problem: Problem) -> tuple[Finding, ...]:
    asked = Asked(target=problem.target, time=data.time, group=data.group, ignore=data.ignore, task=problem.task)
    return explore(frame, dataset, asked).findings


def _ordering(data: Data, found: Iterable[Finding]) -> tuple[Data, dict[str, str]]:
    """The spec's time or group, where a random split would flatter the model."""
    for finding in found:
        if finding.severity != "medium" or not finding.overrule:
            continue
        if finding.name == "groups":
            sentence = f"{finding.sentence} Take the line away if rows of one value do not belong together."
            return replace(data, group=finding.columns[0]), {"data.group": sentence}
        if finding.name == "neighbours":
            sentence = f"{finding.sentence} The newest rows become the test side; take the line away to draw at random."
            return replace(data, time=finding.columns[1]), {"data.time": sentence}
    return data, {}


def _aside(found: Iterable[Finding], data: Data, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """Columns that are leak suspects or name rows, each with the reason."""
    aside = dict(before or {})
    for finding in found:
        if finding.name in ("leak", "identifier"):
            for column in finding.columns:
                if column not in (data.time, data.group):
                    aside.setdefault(column, f"{finding.name}: {finding.sentence}")
    return aside


def _ordered(signature: Signature) -> dict[str, str]:
    """Advice where the classes are whole numbers in order."""
    if len(signature.classes) < _MARKS:
        return {}
    low, high = signature.classes[0], signature.classes[-1]
    return {
        "problem.task": f"The classes {low} to {high} are whole numbers. If they are an order, such as marks, say "
        'task = "regression": a near miss is then a smaller mistake than a far one.'
    }


def _open(frame: pl.DataFrame, dataset: Dataset, spec: Spec) -> dict[str, str]:
    """What remains to be looked at: the grave and middling findings under the spec as it is drafted."""
    left = [f for f in _findings(frame, dataset, spec.data, spec.problem) if f.severity != "low"]
    if not left:
        return {}
    told = [f"{f.name}: {f.sentence}" for f in left if f.name != "personal" or f.columns[0] not in spec.data.ignore]
    head = "Not settled; 'volvelle explore' gives example rows, and lines that settle them:"
    return {"data.accept": "\n".join([head, *told])} if told else {}


def _first(spec: Spec, dataset: Dataset, known: pl.DataFrame, aside: Mapping[str, str]) -> Spec:
    """The spec with those columns set aside, unless nothing were left to learn from."""
    trimmed = replace(spec, data=replace(spec.data, ignore=tuple(aside)))
    try:
        derive(trimmed, dataset, known)
    except DataError:
        return spec
    return trimmed


class Looked(NamedTuple):
    """What a model would see of the data."""

    rows: int
    task: ModelTask
    features: tuple[tuple[str, str], ...]
    """(name, kind)."""
    notes: tuple[str, ...]


def look(spec: Spec, folder: Path) -> Looked:
    """Read the data and derive the signature, without training or dividing anything.

    Raises:
        InputError: the data cannot be read or do not fit the spec.
    """
    frame, dataset = collect(spec.data, spec.features, folder)
    require_columns(named_columns(spec.data, spec.features, spec.problem.target), frame.columns)
    answerable(spec, dataset, frame.head(0))
    known, dropped = known_target(frame, spec.problem.target)
    signature, notes = derive(spec, dataset, known)
    listed(spec.prepare.pairs, signature)
    without = (f"{dropped} rows have no target and are left out",) if dropped else ()
    features = tuple((feature.name, feature.kind) for feature in signature.features)
    return Looked(len(frame), signature.task, features, (*dataset.notes, *without, *notes))


def _left_out(dataset: Dataset, used: set[str | None]) -> tuple[str, ...]:
    return tuple(c.name for c in dataset.columns if c.name not in used)


def _name(file: str) -> str:
    stem = Path(file).name.partition(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:60] or "model"
