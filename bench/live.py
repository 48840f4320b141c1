"""A model that lives through real drift: released on the first rows of a stream, watched, retrained, compared.

The rows come in time order, window by window. Each window is answered by the champion; its outcomes come one window
late; after each window `volvelle.flow.auto.act` watches and, in the streams that may, turns the wheel. Beside it stands
the first champion, never retrained. The control is the same stream shuffled, in which nothing drifts.

    python bench/live.py [elec2] [bike] [control] [gain] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from volvelle.data.collect import collect
from volvelle.flow import registry
from volvelle.flow.auto import act
from volvelle.flow.decisions import Decision, decisions
from volvelle.flow.gathering import live_folder
from volvelle.flow.result import find
from volvelle.flow.scoring import bring, logged
from volvelle.flow.turn import Project, turn
from volvelle.serve.log import record
from volvelle.spec.read import parse
from volvelle.spec.requirements import Spec


class Stream(NamedTuple):
    """One set that comes in time order."""

    source: str
    spec: str
    first: float
    """Share of the rows that the first release is made from."""
    window: int
    step: timedelta
    """Between two rows."""


STREAMS = {
    "elec2": Stream(
        source="drift/elec2.csv.gz",
        spec="""
[problem]
name = "electricity"
target = "class"
positive = "UP"
[data]
source = "first.csv"
time = "date"
ignore = ["nswprice"]
[require]
gates = ["accuracy >= 0.6"]
[search]
trials = 2
folds = 2
metric = "accuracy"
estimators = ["lightgbm"]
threshold = 0.5
calibrate = "none"
ensemble = false
[prepare]
pairs = "none"
[monitor]
window = 672
retrain = "on drift or on loss or every 14 d"
""",
        first=0.25,
        window=672,
        step=timedelta(minutes=30),
    ),
    "bike": Stream(
        source="regression/bike_sharing_hour.csv.gz",
        spec="""
[problem]
name = "bikes"
target = "cnt"
task = "regression"
[data]
source = "first.csv"
time = "instant"
ignore = ["dteday", "casual", "registered"]
[require]
gates = ["r2 >= 0.5"]
[search]
trials = 2
folds = 2
metric = "rmse"
estimators = ["lightgbm"]
ensemble = false
[prepare]
pairs = "none"
[monitor]
window = 336
retrain = "on drift or on loss"
""",
        first=0.4975,
        window=336,
        step=timedelta(hours=1),
    ),
}


class Lived(NamedTuple):
    """What became of a stream."""

    rows: int
    windows: int
    alarms: int
    """Windows with an alarm."""
    live: list[float]
    """Quality of each window: accuracy, or mean absolute error."""
    static: list[float]
    """The same of the first champion."""
    last: list[float]
    """The same of saying the last known outcome of the window before; empty where that means nothing."""
    decisions: list[Decision]
    seconds: float


def replay(folder: Path, frame: pl.DataFrame, stream: Stream, *, turning: bool = True, windows: int = 10**6) -> Lived:
    """Live through a stream.

    Args:
        folder: for the project.
        frame: all rows, in the order of time.
        stream: how to go about it.
        turning: whether the wheel may turn.
        windows: at most so many.
    """
    began, start = time.perf_counter(), datetime.now(UTC)
    first = int(frame.height * stream.first)
    frame[:first].write_csv(folder / "first.csv")
    spec = parse(stream.spec)
    project, live = Project(folder), live_folder(Project(folder))
    result = find(project, turn(project, spec, quiet, source=stream.spec).run)
    registry.release(result, b"", accept_unproven="bench")
    settled, _ = collect(replaced(spec, folder, frame[first:]), spec.features, folder)
    target, original = spec.problem.target, registry.champion_model(project)[0]
    told: list[float] = []
    still: list[float] = []
    alarmed: set[tuple[str, int]] = set()
    places = list(range(0, settled.height - stream.window + 1, stream.window))[:windows]
    for number, place in enumerate(places):
        rows = settled[place : place + stream.window]
        ids = pl.Series([f"r{place + n}" for n in range(rows.height)])
        at = pl.Series([start + stream.step * (place + n) for n in range(rows.height)], dtype=pl.Datetime("us", "UTC"))
        release, _ = registry.champion(project)
        predictor = registry.champion_model(project)[0]
        answers = predictor.predict(rows)
        record(live, logged(rows, ids, predictor.signature, spec), answers, release=release.name, at=at)
        told.append(quality(answers["prediction"], rows[target]))
        still.append(quality(original.predict(rows)["prediction"], rows[target]))
        now = start + stream.step * (place + rows.height)
        if number:
            before = settled[place - stream.window : place]
            bring(live, pl.Series([f"r{place - stream.window + n}" for n in range(before.height)]), before[target], now)
        acted = act(
            project,
            spec,
            quiet,
            report=lambda _: b"",
            turn=turning,
            at=int(now.timestamp() * 1e6),
        )
        alarmed |= {(acted.watched.release, acted.watched.report.windows[a.window].until or 0) for a in acted.fresh}
        if os.environ.get("VOLVELLE_BENCH_TOLD"):
            said = acted.decision
            print(
                number,
                release.name,
                round(told[-1], 3),
                round(still[-1], 3),
                acted.watched.report.state,
                len(acted.fresh),
                said and (said.outcome, said.because, said.best and said.best.learnt),
                acted.problems,
                flush=True,
            )
    made = decisions(project.ledger)
    return Lived(
        len(places) * stream.window, len(places), len(alarmed), told, still, [], made, time.perf_counter() - began
    )


def replaced(spec: Spec, folder: Path, rest: pl.DataFrame) -> Any:
    """The rest of the rows as a source of the same kind, so that they are settled in the same way."""
    from msgspec.structs import replace

    rest.write_csv(folder / "rest.csv")
    return replace(spec.data, source="rest.csv")


def quality(given: pl.Series, truth: pl.Series) -> float:
    """Accuracy, or mean absolute error."""
    if given.dtype == pl.String:
        return float((given == truth.cast(pl.String)).mean())  # type: ignore[arg-type]
    return float((given - truth).abs().mean())  # type: ignore[arg-type]


def quiet(event: str, facts: dict[str, Any]) -> None:
    """Show nothing."""


def main() -> int:
    """Live through what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", nargs="*", default=["elec2", "bike", "control"])
    parser.add_argument("--windows", type=int, default=10**6)
    asked = parser.parse_args()
    data = Path(os.environ["VOLVELLE_DATA"])
    for name in asked.streams:
        with tempfile.TemporaryDirectory() as folder:
            stream = STREAMS[name]
            frame = pl.read_csv(data / stream.source, infer_schema_length=None)
            lived = replay(Path(folder), frame, stream, windows=asked.windows)
            made = [d.outcome for d in lived.decisions]
            print(
                json.dumps(
                    {
                        "name": name,
                        "windows": lived.windows,
                        "alarms": lived.alarms,
                        "live": np.mean(lived.live),
                        "static": np.mean(lived.static),
                        "decisions": len(made),
                        "promoted": made.count("promoted"),
                        "s": lived.seconds,
                    }
                )
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
