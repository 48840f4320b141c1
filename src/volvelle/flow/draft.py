"""Drafts a spec from a table: what `volvelle init` writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from volvelle.data.collect import collect, named_columns, require_columns
from volvelle.data.explore import explore
from volvelle.data.records import Dataset
from volvelle.data.table import Asked
from volvelle.errors import DataError, InputError, near
from volvelle.flow.baseline import propose
from volvelle.flow.stages.admit import answerable
from volvelle.model.derive import derive, known_target
from volvelle.model.signature import ModelTask
from volvelle.prepare.pairs import listed
from volvelle.spec.requirements import Data, FeatureSpec, Problem, Require, Spec, Task

_GATES: dict[ModelTask, tuple[str, ...]] = {
    "binary": ("roc_auc >= 0.7", "balanced_accuracy >= 0.6"),
    "multiclass": ("balanced_accuracy >= 0.5",),
    "regression": ("r2 >= 0.3",),
}


def draft(file: str, asked: Mapping[str, str | None], folder: Path) -> tuple[Spec, dict[str, str]]:
    """A sound spec for a table, and sentences for each choice by dotted key.

    Leak suspects and names of rows are set aside with the reason; gates come from a quick baseline on what is left.

    Args:
        file: the table, as the spec will name it.
        asked: target, positive, time, group and name as far as the user gave them.
        folder: where relative paths start.

    Raises:
        InputError: the table cannot be read, or the target is not named or not there.
    """
    frame, dataset = collect(Data(source=file), {}, folder)
    target = _target(file, asked, [column.name for column in dataset.columns])
    data = Data(source=file, time=asked.get("time") or None, group=asked.get("group") or None)
    problem = Problem(target=target, positive=asked.get("positive"), name=asked.get("name") or _name(file))
    known, dropped = known_target(frame, target)
    aside, notes = _aside(frame, dataset, data, problem), {}
    first = _first(Spec(problem=problem, data=data), dataset, known, aside)
    signature, found = derive(first, dataset, known)
    unused = _left_out(dataset, {target, data.time, data.group, *(f.name for f in signature.features)})
    aside = {name: sentence for name, sentence in aside.items() if name in unused}
    ignored = tuple(unused)
    if ignored:
        others = [n for n in found if any(repr(c) in n for c in ignored if c not in aside)]
        notes["data.ignore"] = "\n".join(dict.fromkeys([*aside.values(), *others])) or "set aside"
    if dropped:
        notes["problem.target"] = f"{dropped} of {len(frame)} rows have no target; they are left out."
    positive = signature.classes[signature.positive] if signature.positive is not None else None
    task: Task = "regression" if signature.task == "regression" else "classification"
    spec = Spec(
        problem=Problem(
            name=problem.name,
            statement=f"Predict {target} from {len(signature.features)} columns of {Path(file).name}",
            task=task,
            target=target,
            positive=positive,
        ),
        data=Data(source=file, time=data.time, group=data.group, ignore=ignored),
        features={f.name: FeatureSpec(role="text") for f in signature.features if f.kind == "text"},
    )
    proposed = propose(spec, frame, dataset)
    notes["require.gates"] = (
        proposed.reason if proposed else f"A first proposal: set these to what {problem.name} must achieve."
    )
    gates = proposed.gates if proposed else _GATES[signature.task]
    return replace(spec, require=Require(gates=gates)), notes


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


def _aside(frame: pl.DataFrame, dataset: Dataset, data: Data, problem: Problem) -> dict[str, str]:
    """Columns that are leak suspects or name rows, each with the reason.

    Looked for twice: what is left when the plain leaks are gone may hide another.
    """
    aside: dict[str, str] = {}
    for _ in range(2):
        asked = Asked(target=problem.target, time=data.time, group=data.group, ignore=tuple(aside))
        for finding in explore(frame, dataset, asked).findings:
            if finding.name in ("leak", "identifier"):
                for column in finding.columns:
                    aside.setdefault(column, f"{finding.name}: {finding.sentence}")
    return aside


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
