"""Predictions joined with outcomes: exactly once, and only when they are due."""

from __future__ import annotations

import numpy as np
import polars as pl

from volvelle.flow.outcomes import join

STAMP = pl.Datetime("us", "UTC")


def table(ids: list[str], at: list[int], **columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": pl.Series(ids, dtype=pl.String), "at": pl.Series(at, dtype=pl.Int64).cast(STAMP)}
    ).with_columns(pl.Series(name, cells, dtype=pl.String) for name, cells in columns.items())


def test_young_predictions_are_not_judged() -> None:
    """An outcome that came early does not count while the prediction is younger than outcomes take."""
    rows, coverage = join(
        table(["a", "b"], [10, 20], prediction=["x", "x"]), table(["a", "b"], [15, 25], outcome=["x", "y"]), due=10
    )
    assert rows["outcome"].to_list() == ["x", None]
    assert (coverage.due, coverage.young, coverage.known) == (1, 1, 1)


def test_nothing_is_fine() -> None:
    """No predictions and no outcomes give empty rows and zeros."""
    rows, coverage = join(table([], [], prediction=[]), table([], [], outcome=[]))
    assert rows.height == 0
    assert coverage.predictions == coverage.orphans == 0


def test_hundred_thousand_late_outcomes() -> None:
    """100,000 outcomes, shuffled, a tenth told twice and a tenth of strangers: each prediction gets its own, once."""
    rng = np.random.default_rng(3)
    count = 90_000
    predicted = table([f"p{k}" for k in range(count)], list(range(count)), prediction=["x"] * count)
    ids = [f"p{k}" for k in range(count)] + [f"p{k}" for k in range(10_000)] + [f"z{k}" for k in range(10_000)]
    said = table(ids, [count + k for k in range(len(ids))], outcome=[name[1:] for name in ids])
    again = pl.Series(np.arange(len(ids)) >= count)
    said = said.with_columns(
        pl.when(again & pl.col("id").str.starts_with("p")).then(pl.lit("no")).otherwise("outcome").alias("outcome")
    )
    rows, coverage = join(predicted, said[rng.permutation(len(ids))])
    assert rows["outcome"].to_list() == [str(k) for k in range(count)]
    assert (coverage.known, coverage.duplicates, coverage.contradicting, coverage.orphans) == (
        count,
        10_000,
        10_000,
        10_000,
    )
