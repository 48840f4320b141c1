"""Predictions and what really happened, joined by id: each prediction and each outcome counts once."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from volvelle.spec.requirements import Record

OUTCOME = "outcome"
_SAID = "volvelle outcome"
"""No feature is called so; beside the rows until the join is made."""


class Coverage(Record, frozen=True):
    """How much of what was predicted is known by now."""

    predictions: int
    """Different ids among the predictions."""
    repeated: int
    """Predictions whose id had been given before; the first one counts."""
    young: int
    """Predictions whose outcome is not yet due."""
    due: int
    """Predictions whose outcome should be known."""
    known: int
    """Those of them that have one."""
    outcomes: int
    """Different ids among the outcomes."""
    duplicates: int
    """Outcomes whose id had been given before; the first one counts."""
    contradicting: int
    """Those of them that say something else than the first."""
    orphans: int
    """Outcomes that belong to no prediction."""


class Joined(NamedTuple):
    """Rows with their outcomes."""

    rows: pl.DataFrame
    """Every prediction once, oldest first; `outcome` is null where it is not due or not known."""
    coverage: Coverage


def join(predictions: pl.DataFrame, outcomes: pl.DataFrame, *, due: int | None = None) -> Joined:
    """Join by id.

    >>> at = pl.Series([0, 1, 2]).cast(pl.Datetime("us", "UTC"))
    >>> predicted = pl.DataFrame({"id": ["a", "b", "b"], "at": at, "prediction": ["x", "x", "y"]})
    >>> said = pl.DataFrame({"id": ["a", "a", "z"], "at": at, "outcome": ["x", "y", "x"]})
    >>> rows, coverage = join(predicted, said)
    >>> rows["outcome"].to_list(), coverage.known, coverage.repeated, coverage.contradicting, coverage.orphans
    (['x', None], 1, 1, 1, 1)

    Args:
        predictions: with ``id`` and ``at``.
        outcomes: ``id``, ``at``, ``outcome``.
        due: predictions older than this time, in microseconds since 1970 UTC, should have one; all where None.
    """
    ordered = predictions.sort("at", maintain_order=True)
    once = ordered.unique("id", keep="first", maintain_order=True)
    said = outcomes.sort("at", maintain_order=True)
    first = said.unique("id", keep="first", maintain_order=True)
    both = once.join(first.select("id", pl.col(OUTCOME)), on="id", how="left", maintain_order="left")
    ripe = pl.lit(value=True) if due is None else pl.col("at").dt.timestamp("us") <= due
    both = both.with_columns(pl.when(ripe).then(pl.col(OUTCOME)))
    again = said.join(first.select("id", pl.col(OUTCOME).alias(_SAID)), on="id", how="left")
    ready = (
        both.select(ripe.alias("ripe"))["ripe"]
        if due is not None
        else pl.Series([True] * both.height, dtype=pl.Boolean)
    )
    return Joined(
        both,
        Coverage(
            predictions=once.height,
            repeated=predictions.height - once.height,
            young=both.height - int(ready.sum()),
            due=int(ready.sum()),
            known=both[OUTCOME].len() - both[OUTCOME].null_count(),
            outcomes=first.height,
            duplicates=outcomes.height - first.height,
            contradicting=int((again[OUTCOME] != again[_SAID]).sum()),
            orphans=first.join(once.select("id"), on="id", how="anti").height,
        ),
    )
