"""Compares two runs: what was asked, and what came out on the test side."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from volvelle.data.versions import digest, from_bytes, to_bytes
from volvelle.errors import InputError
from volvelle.evaluate.compare import better, difference
from volvelle.evaluate.contract import Side
from volvelle.evaluate.measure import given
from volvelle.evaluate.records import MetricResult
from volvelle.flow.predictions import side_of
from volvelle.flow.result import Result
from volvelle.spec.requirements import Record


class Compared(Record, frozen=True):
    """One metric of two runs; `difference` is B minus A."""

    metric: str
    a: float | None
    b: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    better: str = ""
    """"A", "B", "not proven", or "identical" where every prediction is the same."""


class Comparison(Record, frozen=True):
    """Two runs side by side."""

    changed: tuple[tuple[str, str, str], ...]
    """(dotted key, value in A, value in B)."""
    metrics: tuple[Compared, ...]
    note: str


def compare(a: Result, b: Result) -> Comparison:
    """What differs between two finished runs.

    Differences carry a paired interval when both predicted the same test rows of the same target.

    Raises:
        NotFound: a run did not finish.
        InputError: the runs predict different targets.
    """
    if (a.evidence.target, a.evidence.task) != (b.evidence.target, b.evidence.task):
        raise InputError(
            f"run {a.run.id} predicts {a.evidence.target!r} ({a.evidence.task}) and run {b.run.id} "
            f"{b.evidence.target!r} ({b.evidence.task})",
            next_move="compare runs of one target",
        )
    paired = a.scored.rows == b.scored.rows and a.model.signature.classes == b.model.signature.classes
    sides = (_test(a), _test(b)) if paired else None
    theirs = {m.metric: m for m in _overall(b)}
    rows = [_row(m, theirs[m.metric], sides, b) for m in _overall(a) if m.metric in theirs]
    note = (
        "Both runs predicted the same test rows: intervals are paired."
        if paired
        else "The test rows differ, so the differences have no interval and prove nothing."
    )
    if paired and _predicted(a) == _predicted(b):
        rows = [msgspec.structs.replace(row, better="identical") for row in rows]
        note = "Both runs predicted the same for every test row."
    return Comparison(changed=_changed(a, b), metrics=tuple(rows), note=note)


def _predicted(result: Result) -> str:
    """The predictions of the test side, as a digest: those of the training side do not matter here."""
    table = from_bytes(result.project.store.get(result.scored.predictions))
    return digest(to_bytes(table.filter(pl.col("side") == "test")))


def _row(mine: MetricResult, theirs: MetricResult, sides: tuple[Side, Side] | None, b: Result) -> Compared:
    plain = None if mine.value is None or theirs.value is None else theirs.value - mine.value
    if sides is None or plain is None:
        return Compared(metric=mine.metric, a=mine.value, b=theirs.value, difference=plain)
    task, level = b.evidence.task, b.evidence.level
    gain = difference(mine.metric, sides[1], sides[0], task, level=level, seed=b.evidence.seed)
    verdict = better(mine.metric, gain, task)
    return Compared(
        metric=mine.metric,
        a=mine.value,
        b=theirs.value,
        difference=plain,
        low=gain.low,
        high=gain.high,
        better="not proven" if verdict is None else ("B" if verdict else "A"),
    )


def _overall(result: Result) -> list[MetricResult]:
    return [m for m in result.evidence.metrics if m.side == "test" and not m.slice]


def _test(result: Result) -> Side:
    table = from_bytes(result.project.store.get(result.scored.predictions))
    return side_of(table, "test", result.model.signature, given=given(result.spec.require))


def _changed(a: Result, b: Result) -> tuple[tuple[str, str, str], ...]:
    mine, theirs = _flat(msgspec.to_builtins(a.spec)), _flat(msgspec.to_builtins(b.spec))
    rows = [(k, mine.get(k, ""), theirs.get(k, "")) for k in sorted({*mine, *theirs}) if mine.get(k) != theirs.get(k)]
    extra = [
        ("data version", a.dataset.version[:12], b.dataset.version[:12]),
        ("estimator", a.evidence.estimator, b.evidence.estimator),
        ("settings", _flat_text(a.model.settings), _flat_text(b.model.settings)),
    ]
    return tuple(rows + [row for row in extra if row[1] != row[2]])


def _flat(value: Any, path: str = "") -> dict[str, str]:
    if not isinstance(value, dict):
        return {path: str(value)}
    return {k: v for key, inner in value.items() for k, v in _flat(inner, f"{path}.{key}".lstrip(".")).items()}


def _flat_text(settings: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.items())
