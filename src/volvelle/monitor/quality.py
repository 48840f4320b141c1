"""Measured quality: what outcomes say of the windows whose outcomes have had time to come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from volvelle.evaluate.measure import measure
from volvelle.evaluate.records import Measured
from volvelle.evaluate.sides import part, side
from volvelle.evaluate.slices import rows as rows_of
from volvelle.model.derive import class_text
from volvelle.model.signature import Signature
from volvelle.monitor.edges import score_columns
from volvelle.monitor.learn import truth
from volvelle.monitor.records import Floor, Policy, Quality, Result


def measured(
    joined: pl.DataFrame,
    signature: Signature,
    policy: Policy,
    *,
    metrics: Sequence[str] = (),
    seed: int = 0,
) -> tuple[Quality, ...]:
    """The quality of each window of predictions, with intervals.

    Args:
        joined: predictions in their windows: ``window`` (position), ``at``, ``prediction``, ``score_0``, ...,
            ``outcome`` (null where none has come) and the columns that slices name.
        signature: of the model.
        policy: its floors are measured, on their slices.
        metrics: measured besides, on all rows.
        seed: of the resamples behind intervals.

    Raises:
        SpecError: a slice names a column that is not there, or a metric does not fit the task.
    """
    floors = (*policy.floors, *(Floor(metric=name, bound=0.0) for name in metrics))
    asked = tuple({(f.metric, f.where): f for f in reversed(floors)}.values())[::-1]
    found = []
    for (window,), rows in joined.group_by(["window"], maintain_order=True):
        known = _known(rows, signature)
        results = [_result(f, rows.filter(known), signature, policy, seed) for f in asked] if known.any() else []
        outcomes = int(rows["outcome"].is_not_null().sum())
        found.append(
            Quality(
                window=int(window),
                rows=rows.height,
                outcomes=int(known.sum()),
                strange=outcomes - int(known.sum()),
                mature=int(known.sum()) >= policy.coverage * rows.height,
                results=tuple(results),
            )
        )
    return tuple(found)


def _known(rows: pl.DataFrame, signature: Signature) -> pl.Series:
    """Which rows have an outcome that is one of the classes, or a number."""
    return pl.Series(~np.isnan(truth(rows.select(pl.col("outcome").alias(signature.target)), signature)))


def _result(floor: Floor, rows: pl.DataFrame, signature: Signature, policy: Policy, seed: int) -> Result:
    y = truth(rows.select(pl.col("outcome").alias(signature.target)), signature)
    scores = np.stack(score_columns(rows, len(signature.classes)), axis=1)
    given = rows["prediction"]
    labels = class_text(given).replace_strict(
        list(signature.classes), range(len(signature.classes)), default=0, return_dtype=pl.Int64
    )
    whole = side(y, labels.to_numpy(), scores, signature, given=policy.settings)
    chosen = part(whole, rows_of(rows, floor.where))
    found: Measured = measure(floor.metric, chosen, signature.task, level=policy.confidence, seed=seed)
    return Result(
        metric=floor.metric,
        where=floor.where,
        value=found.value,
        low=found.low,
        high=found.high,
        rows=len(chosen.y),
        note=found.note,
    )
