"""Errors of a regression, estimated before the outcomes are known: a part of `bench.watch`.

Houses of California: a booster learns from 8,000, 6,000 others are healthy, and of the rest some come: all, the cheap,
the dear, the northern, the young. Volvelle reads the counters of the predictions, NannyML learns errors from all
columns.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from bench.peers.asking import asked
from sklearn.ensemble import HistGradientBoostingRegressor

from volvelle.model.signature import Feature, Signature
from volvelle.monitor.estimate import estimated
from volvelle.monitor.reference import reference
from volvelle.monitor.sketch import sketch

LEARNT, HEALTHY = 8000, 6000
SOME = {
    "all": pl.lit(True),
    "the cheaper two fifths": pl.col("guess") <= pl.col("guess").quantile(0.4),
    "the dearer two fifths": pl.col("guess") >= pl.col("guess").quantile(0.6),
    "the northern half": pl.col("latitude") >= pl.col("latitude").median(),
    "the younger half": pl.col("housing_median_age") <= pl.col("housing_median_age").median(),
}


def guessed(rng: np.random.Generator, options: argparse.Namespace) -> tuple[str, tuple[str, ...], Any]:
    """Estimated mean absolute errors beside the true ones and those of NannyML's DLE."""
    place = Path(os.environ.get("VOLVELLE_DATA", "../shared/data")) / "regression" / "california_housing.csv.gz"
    houses = pl.read_csv(place).drop_nulls()
    houses = houses.select(pl.selectors.numeric()).sample(fraction=1.0, shuffle=True, seed=int(rng.integers(2**31)))
    names = [name for name in houses.columns if name != "median_house_value"]
    x, y = houses.select(names).to_numpy(), houses["median_house_value"].to_numpy().astype(np.float64)
    model = HistGradientBoostingRegressor(max_iter=60, random_state=0).fit(x[:LEARNT], y[:LEARNT])
    houses = houses.with_columns(guess=model.predict(x), y=y)
    healthy, rest = houses[LEARNT : LEARNT + HEALTHY], houses[LEARNT + HEALTHY :]
    signature = Signature(
        features=tuple(Feature(name=n, kind="number") for n in names), target="median_house_value", task="regression"
    )
    known = reference(healthy, healthy.select(prediction="guess"), signature, window=500, seed=0)
    usual, lines = float((healthy["y"] - healthy["guess"]).abs().mean()), []  # type: ignore[arg-type]
    for name, chosen in SOME.items():
        some = rest.filter(chosen)
        spent = time.process_time()
        ours = estimated(known, sketch(some, some.select(prediction="guess"), known.edges))["mae"]
        spent = time.process_time() - spent
        with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
            healthy.select(*names, "guess", "y").write_parquet(Path(folder) / "reference.parquet")
            some.select(*names, "guess", "y").write_parquet(Path(folder) / "now-0.parquet")
            said = asked("nannyml", folder, options.peers)
        true = float((some["y"] - some["guess"]).abs().mean())  # type: ignore[arg-type]
        theirs = (f"{said['said'][0] / true:.3f}", f"{spent / said['cpu']:.4f}") if said else ("", "")
        lines.append((name, f"{true:,.0f}", f"{usual / true:.3f}", f"{ours / true:.3f}", *theirs))
    heads = ("houses", "true error", "healthy rows' error, of it", "estimated, of it", "by NannyML, of it", "CPU")
    return "Mean absolute error estimated without outcomes", heads, lines
