"""Split: hold back the test side and seal it."""

from __future__ import annotations

import polars as pl

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes, to_bytes
from volvelle.errors import SpecError
from volvelle.flow.context import Context
from volvelle.flow.lesson import keys
from volvelle.model.derive import known_target, task_of
from volvelle.prepare import drop as dropping
from volvelle.prepare import split as splitting
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec

_ROW = "\0row"
"""No column of a file is called so."""


def split(spec: Spec, dataset: Dataset, context: Context) -> Split:
    """Two tables in the store; the test side lies sealed until evaluation opens it.

    Raises:
        DataError: the rows cannot be split as asked.
        SpecError: the matrix of costs does not fit the classes.
    """
    task = task_of(spec, dataset)
    known, dropped = known_target(from_bytes(context.get(dataset.version)).with_row_index(_ROW), spec.problem.target)
    frame = known.drop(_ROW)
    _require_costs(spec, frame)
    wanted = keys(spec, frame)
    seed, share = spec.search.seed, spec.split.test
    sides = splitting.sides(frame, wanted, task=task, method=spec.split.method, test=share, seed=seed)
    kept = dropping.drop(known[sides.train], (*wanted.features, wanted.target), spec.features, spec.prepare.drop)
    test = frame[sides.test]
    notes = [sides.note, f"{dropped} rows without target left out" if dropped else "", _told(kept)]
    return Split(
        method=sides.method,
        seed=seed,
        test_share=share,
        rows_train=len(kept.frame),
        rows_test=len(test),
        train=context.put(to_bytes(kept.frame.drop(_ROW))),
        test=context.put(to_bytes(test), sealed=True),
        rows=context.put(to_bytes(kept.frame.select(pl.col(_ROW).cast(pl.Int64).alias("row")))),
        duplicates=sides.duplicates,
        groups=sides.groups,
        left_out=sides.left_out,
        dropped_duplicates=kept.duplicates,
        dropped_invalid=kept.invalid,
        note="; ".join(filter(None, notes)),
    )


def _told(kept: dropping.Kept) -> str:
    counts = {"equal an earlier one": kept.duplicates, "are invalid": kept.invalid}
    said = " and ".join(f"{count} that {why}" for why, count in counts.items() if count)
    return f"training rows dropped as asked: {said}" if said else ""


def _require_costs(spec: Spec, frame: pl.DataFrame) -> None:
    """Refuse a matrix of costs of the wrong size before any time is spent on searching."""
    costs, classes = spec.require.costs, frame[spec.problem.target].n_unique()
    if costs is not None and len(costs) != classes:
        raise SpecError(
            f"the matrix has {len(costs)} rows, and the target {spec.problem.target!r} {classes} values",
            where="require.costs",
            next_move="write one row for each class, as the report orders them (the positive one last)",
        )
