"""A small project that has been released, and a world that may change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from volvelle.flow import registry
from volvelle.flow.gathering import live_folder
from volvelle.flow.result import find
from volvelle.flow.scoring import bring, logged
from volvelle.flow.turn import Project, turn
from volvelle.serve.log import record
from volvelle.spec.read import parse
from volvelle.spec.requirements import Spec

SPEC = """\
[problem]
name = "pumps"
target = "fails"
positive = "yes"

[data]
source = "pumps.csv"
ignore = ["job"]

[require]
gates = ["accuracy >= 0.7"]

[search]
trials = 2
folds = 2
metric = "accuracy"
estimators = ["logistic"]
threshold = 0.5
ensemble = false

[prepare]
pairs = "none"

[monitor]
window = 200
retrain = "on drift or on loss"
"""


def pumps(rows: int, *, cut: float = 60.0, shift: float = 0.0, seed: int = 0, start: int = 0) -> pl.DataFrame:
    """Pumps that fail when they are hotter than `cut`, one in ten by chance otherwise."""
    rng = np.random.default_rng(seed)
    heat = rng.normal(50 + shift, 20, rows).round(2)
    fails = (heat > cut) ^ (rng.random(rows) < 0.1)
    return pl.DataFrame(
        {
            "job": [f"j{start + k}" for k in range(rows)],
            "heat": heat,
            "site": rng.choice(["n", "s"], rows),
            "fails": np.where(fails, "yes", "no"),
        }
    )


def released(folder: Path, spec: str = SPEC, rows: int = 1500) -> tuple[Project, Spec]:
    """A project whose first champion is released."""
    folder.mkdir(parents=True, exist_ok=True)
    pumps(rows).write_csv(folder / "pumps.csv")
    (folder / "volvelle.toml").write_text(spec, encoding="utf-8")
    project, wanted = Project(folder), parse(spec)
    registry.release(find(project, turn(project, wanted, quiet, source=spec).run), b"<html></html>", by="ana")
    return project, wanted


def answer(
    project: Project,
    spec: Spec,
    rows: pl.DataFrame,
    *,
    known: bool = True,
    hours: int = 0,
    since: datetime | None = None,
) -> datetime:
    """Let the champion answer rows, one a minute from now or `since`, and tell outcomes; the time after the last."""
    release, _ = registry.champion(project)
    predictor, live = registry.champion_model(project)[0], live_folder(project)
    begin = (since or datetime.now(UTC)) + timedelta(hours=hours)
    at = pl.Series([begin + timedelta(minutes=k) for k in range(rows.height)], dtype=pl.Datetime("us", "UTC"))
    kept = logged(rows, rows["job"], predictor.signature, spec)
    record(live, kept, predictor.predict(rows), release=release.name, at=at)
    end = begin + timedelta(minutes=rows.height)
    if known:
        bring(live, rows["job"], rows["fails"], end)
    return end


def quiet(event: str, facts: dict[str, object]) -> None:
    """Show nothing."""
