"""A second look at a live log, beside the first: a part of `bench.watch`."""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from volvelle.flow import registry
from volvelle.flow.gathering import live_folder
from volvelle.flow.result import find
from volvelle.flow.scoring import bring, logged
from volvelle.flow.turn import Project, turn
from volvelle.flow.watching import look
from volvelle.serve.log import record
from volvelle.spec.read import parse

COLUMNS, DAYS, DAILY = 20, 50, 5000
SPEC = """
[problem]
name = "again"
target = "y"
positive = "yes"
[data]
source = "rows.csv"
[require]
gates = ["accuracy >= 0.6", "roc_auc >= 0.6"]
[search]
trials = 1
folds = 2
estimators = ["logistic"]
ensemble = false
[prepare]
pairs = "none"
[monitor]
window = 5000
"""


def world(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Rows of `COLUMNS` numbers, and what they lead to."""
    x = rng.normal(size=(rows, COLUMNS)).round(4)
    made = pl.DataFrame({f"x{k}": x[:, k] for k in range(COLUMNS)})
    return made.with_columns(y=pl.Series(np.where(x[:, 0] + rng.normal(size=rows) > 0, "yes", "no")))


def again(rng: np.random.Generator, options: argparse.Namespace) -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    """CPU seconds of a first look at a log of 50 days, of the next one, and of one after another day."""
    lines: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
        project, spec = Project(Path(folder)), parse(SPEC)
        world(rng, 20_000).write_csv(Path(folder) / "rows.csv")
        begin = datetime.now(UTC)
        result = find(project, turn(project, spec, _quiet, source=SPEC).run)
        registry.release(result, b"", accept_unproven="bench")
        release, predictor = registry.champion(project)[0], registry.champion_model(project)[0]

        def day(number: int) -> None:
            rows = world(rng, DAILY)
            ids = pl.Series([f"r{number}-{n}" for n in range(DAILY)])
            start = begin + timedelta(days=number + 1)
            at = pl.Series([start + timedelta(seconds=10 * n) for n in range(DAILY)], dtype=pl.Datetime("us", "UTC"))
            kept = logged(rows, ids, predictor.signature, spec)
            record(live_folder(project), kept, predictor.predict(rows), release=release.name, at=at)
            bring(live_folder(project), ids, rows["y"], at[-1])

        for number in range(DAYS):
            day(number)
        first = _look(project, spec)
        lines.append(("the first", f"{first[0]:.2f}", "1"))
        for name in ("the next", "after one more day"):
            if name != "the next":
                day(DAYS)
            spent, said = _look(project, spec)
            if name == "the next" and said != first[1]:
                raise SystemExit("the second look says something else than the first")
            lines.append((name, f"{spent:.2f}", f"{spent / first[0]:.3f}"))
    title = f"Looks at a live log of {DAYS} days of {DAILY:,} rows of {COLUMNS} columns, outcomes known"
    return title, ("look", "CPU seconds", "of the first"), lines


def _look(project: Project, spec: Any) -> tuple[float, bytes]:
    began = time.process_time()
    said = msgspec.json.encode(look(project, spec))
    return time.process_time() - began, said


def _quiet(event: str, facts: dict[str, Any]) -> None:
    """Show nothing."""
