"""Admit: refuse, before anything is searched, what these data cannot answer."""

from __future__ import annotations

import polars as pl

from volvelle.catalog import EMULATORS, METRICS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.data.collect import MAX_CATEGORIES
from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.errors import SpecError, near
from volvelle.evaluate import evidence as proving
from volvelle.evaluate.slices import rows
from volvelle.flow.context import Context
from volvelle.model.derive import task_of
from volvelle.model.signature import ModelTask
from volvelle.spec.gates import Gate
from volvelle.spec.requirements import Record, Spec


class Admission(Record, frozen=True):
    """The requirements fit the data."""

    task: ModelTask
    gates: tuple[str, ...]


def admit(spec: Spec, dataset: Dataset, context: Context) -> Admission:
    """Check every gate and slice against the task and the columns. No stage waits for the answer.

    Raises:
        SpecError: as `answerable`.
        NotFound: no device has that name.
        MissingExtra: there is a device and nothing that compiles for it.
    """
    if spec.device is not None:
        device(spec.device.core, spec.device.clock)
        for catalog in (TOOLCHAINS, EMULATORS):
            for name in catalog.names():
                catalog.load(name)
    task = answerable(spec, dataset, from_bytes(context.get(dataset.version)).head(0))
    return Admission(task=task, gates=spec.require.gates)


def answerable(spec: Spec, dataset: Dataset, empty: pl.DataFrame) -> ModelTask:
    """The task, if these data can answer every requirement. `empty` has their columns and no rows.

    Raises:
        SpecError: a metric of another task, a slice of an unknown column, of another type, or that no row meets.
    """
    task = _model_task(spec, dataset)
    for position, text in enumerate(spec.require.gates):
        try:
            gate = proving.check(text, task)
            rows(empty, gate.where)
            _check_values(gate, dataset)
        except SpecError as error:
            where = f"require.gates[{position}]"
            raise SpecError(error.problem, where=where, next_move=error.next_move) from error
    metric = spec.search.metric
    if metric is not None and task not in METRICS.fact(metric, "TASKS"):
        fitting = [m for m in METRICS.names() if task in METRICS.fact(m, "TASKS")]
        advice = f"use one of {', '.join(fitting)}"
        raise SpecError(f"{metric} is no metric of a {task} target", where="search.metric", next_move=advice)
    return task


def _check_values(gate: Gate, dataset: Dataset) -> None:
    """Refuse a slice by a category that no row has."""
    columns = {column.name: column for column in dataset.columns}
    for condition in gate.where:
        known = columns[condition.column].categories
        if condition.comparison not in ("=", "in") or not known or len(known) >= MAX_CATEGORIES:
            continue
        for value in condition.values:
            if str(value) not in known:
                problem = f"no row has {value!r} in column {condition.column!r}"
                raise SpecError(problem, next_move=near(str(value), known))


def _model_task(spec: Spec, dataset: Dataset) -> ModelTask:
    """The task by the target's kind and number of classes."""
    if task_of(spec, dataset) == "regression":
        return "regression"
    target = next(column for column in dataset.columns if column.name == spec.problem.target)
    return "binary" if target.distinct == 2 else "multiclass"
