"""Rows, answers and signatures for the tests of monitoring."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from volvelle.model.signature import Feature, Signature
from volvelle.monitor.edges import edges
from volvelle.monitor.records import Edges

SIGNATURE = Signature(
    features=(
        Feature(name="heat", kind="number", low=-4.0, high=4.0),
        Feature(name="count", kind="integer", low=0.0, high=20.0),
        Feature(name="site", kind="category", categories=("a", "b", "c")),
        Feature(name="on", kind="boolean", categories=("false", "true")),
        Feature(name="when", kind="time", low=1e9, high=2e9),
        Feature(name="note", kind="text", length=8),
    ),
    target="fails",
    task="binary",
    classes=("no", "yes"),
    positive=1,
)


def rows(n: int, rng: np.random.Generator, **changed: Any) -> pl.DataFrame:
    """`n` rows of every kind of feature with their truth, some cells missing."""
    p = rng.random(n)
    made = {
        "heat": pl.Series(rng.normal(size=n)),
        "count": pl.Series(rng.poisson(4, n)),
        "site": pl.Series(rng.choice(["a", "b", "c", "new"], n, p=[0.5, 0.3, 0.15, 0.05])),
        "on": pl.Series(rng.random(n) < 0.3),
        "when": pl.Series(rng.integers(980_000_000, 2_050_000_000, n)),
        "note": pl.Series(["x" * int(k) for k in rng.integers(0, 40, n)], dtype=pl.String),
        "score": pl.Series(p.astype(np.float32)),
        "fails": pl.Series(np.where(rng.random(n) < p, "yes", "no")),
    }
    frame = pl.DataFrame({**made, **changed})
    gone = [pl.when(pl.Series(rng.random(n) >= 0.03)).then(pl.col(f.name)).alias(f.name) for f in SIGNATURE.features]
    return frame.with_columns(gone)


def answers(frame: pl.DataFrame) -> pl.DataFrame:
    """What a model with scores as in `score` answers."""
    score = pl.col("score")
    label = pl.when(score > 0.5).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return frame.select(prediction=label, score_0=1 - score, score_1=score)


def edges_of(n: int = 2000, seed: int = 1) -> Edges:
    """Edges of rows as above."""
    frame = rows(n, np.random.default_rng(seed))
    return edges(frame, answers(frame), SIGNATURE, model="m")
