"""Computes stages beside the wheel over the records of a finished run, through the wheel's own cache."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from volvelle.errors import ContractBroken, NotFound
from volvelle.flow.context import Notify
from volvelle.flow.result import Result
from volvelle.flow.store import ObjectLost
from volvelle.flow.turn import GIVEN, WHEEL, StageRow, beside

DEEP = "volvelle.flow.deep:DEEP"
T = TypeVar("T", bound=msgspec.Struct)


def deepen(result: Result, notify: Notify) -> tuple[StageRow, ...]:
    """Ablation, learning curve and single answers of a run; nothing is trained that was trained before.

    Raises:
        NotFound: the run ended before a stage whose record is needed.
    """
    project = result.project
    project.code.forget()
    givers = {kind.lower(): stage.rpartition(":")[2] for stage, _, kind in project.code.stages(WHEEL)}
    rows = []
    for stage in project.code.stages(DEEP):
        wanted = [p for p in stage[1] if p not in GIVEN]
        if absent := [p for p in wanted if p not in givers]:
            raise ContractBroken(f"stage {stage[0]} takes {absent[0]!r}, which the wheel does not give")
        row = beside(project, result.spec, stage, {p: result.digest(givers[p]) for p in wanted}, result.run.id, notify)
        project.ledger.remember("aside", f"{result.run.id}/{row.name}", row.output)
        rows.append(row)
    return tuple(rows)


def deepen_if_asked(result: Result, notify: Notify) -> tuple[StageRow, ...]:
    """The same where the run's spec asks for it (``[explain] deep``), else nothing."""
    return deepen(result, notify) if result.spec.explain.deep else ()


def deep_of(result: Result) -> tuple[str, ...]:
    """Digests of what the stages beside the wheel gave for a run; empty where nobody has asked for them."""
    names = [stage[0].rpartition(":")[2] for stage in result.project.code.stages(DEEP)]
    digests = [result.project.ledger.recall("aside", f"{result.run.id}/{name}") for name in names]
    return tuple(str(digest) for digest in digests if digest)


def kept(result: Result, stage: str, kind: type[T]) -> T | None:
    """The record that a stage beside the wheel gave for a run, or None where it was not computed or is gone."""
    digest = result.project.ledger.recall("aside", f"{result.run.id}/{stage}")
    if digest is None:
        return None
    try:
        return result.project.store.get_record(digest, kind)
    except (NotFound, ObjectLost):
        return None
