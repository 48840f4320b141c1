"""A model that lives through real drift: released on the first rows of a stream, watched, retrained, compared.

The rows come in time order, window by window. Each window is answered by the champion; its outcomes come one window
late; after each window `volvelle.flow.auto.act` watches and, in the streams that may, turns the wheel. Beside it stands
the first champion, never retrained. The control is the same stream shuffled, in which nothing drifts.

    python bench/live.py [elec2] [bike] [control] [gain] [--decisions]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from msgspec.structs import replace
from sklearn.linear_model import LogisticRegression

from volvelle.catalog import METRICS
from volvelle.data.collect import collect
from volvelle.evaluate.contract import Side
from volvelle.evaluate.sides import side
from volvelle.flow import registry
from volvelle.flow.auto import act
from volvelle.flow.decisions import Decision, decisions
from volvelle.flow.gathering import live_folder
from volvelle.flow.result import find
from volvelle.flow.retraining import contest, decide
from volvelle.flow.scoring import bring, logged
from volvelle.flow.turn import Project, turn
from volvelle.flow.watching import reference_of
from volvelle.model.signature import Signature
from volvelle.monitor.records import Reference
from volvelle.serve.log import record
from volvelle.spec.read import parse

LEVEL = 0.975
"""A confidence of 95 % for two challengers."""


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
retrain = "on drift or on loss or every 28 d"
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
[features.mnth]
role = "category"
[features.season]
role = "category"
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
    decisions: list[Decision]
    champions: dict[str, str]
    """Of each what its windows are ranked among."""
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
    frame[first:].write_csv(folder / "rest.csv")
    settled, _ = collect(replace(spec.data, source="rest.csv"), spec.features, folder)
    target, original = spec.problem.target, registry.champion_model(project)[0]
    said: list[float] = []
    still: list[float] = []
    alarmed: set[tuple[str, int]] = set()
    champions: dict[str, str] = {}
    ranked: Counter[str] = Counter()
    places = list(range(0, settled.height - stream.window + 1, stream.window))[:windows]
    for number, place in enumerate(places):
        rows = settled[place : place + stream.window]
        ids = pl.Series([f"r{place + n}" for n in range(rows.height)])
        at = pl.Series([start + stream.step * (place + n) for n in range(rows.height)], dtype=pl.Datetime("us", "UTC"))
        release, standing = registry.champion(project)
        predictor = registry.champion_model(project)[0]
        answers = predictor.predict(rows)
        record(live, logged(rows, ids, predictor.signature, spec), answers, release=release.name, at=at)
        said.append(quality(answers["prediction"], rows[target]))
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
        ranked[release.name] += sum(a.mode == "ranked" and a.severity == "drift" for a in acted.fresh)
        champions[release.name] = healthy(reference_of(standing), ranked[release.name])
        alarmed |= {(acted.watched.release, acted.watched.report.windows[a.window].until or 0) for a in acted.fresh}
        if os.environ.get("VOLVELLE_BENCH_TOLD"):
            made = acted.decision.outcome if acted.decision else ""
            print(number, release.name, f"{said[-1]:.3f} {still[-1]:.3f}", acted.watched.report.state, made, flush=True)
    turned = decisions(project.ledger)
    return Lived(
        len(places) * stream.window,
        len(places),
        len(alarmed),
        said,
        still,
        turned,
        champions,
        time.perf_counter() - began,
    )


def healthy(known: Reference, alarms: int) -> str:
    """What the windows of a champion are ranked among, and what was called so."""
    columns = sum(bool(found.ranked) for found in known.features.values())
    held = 0 if known.resampled else len(known.windows)
    windows = f"{held} held-out windows and {len(known.earlier)} learnt from before them"
    return f"{columns} of {len(known.features)} columns ranked among {windows}: {alarms} alarms"


def quality(given: pl.Series, truth: pl.Series) -> float:
    """Accuracy, or mean absolute error."""
    if given.dtype == pl.String:
        return float((given == truth.cast(pl.String)).mean())  # type: ignore[arg-type]
    return float((given - truth).abs().mean())  # type: ignore[arg-type]


def quiet(event: str, facts: dict[str, Any]) -> None:
    """Show nothing."""


def control(folder: Path, frame: pl.DataFrame, stream: Stream, shuffles: int) -> tuple[int, int, float]:
    """Windows with an alarm of drift, windows, and the alarms that the stated rate allows, over shuffled streams."""
    alarms = windows = 0
    allowed = 0.0
    for seed in range(shuffles):
        place = folder / str(seed)
        place.mkdir()
        mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed)
        mixed = mixed.with_columns(frame[str(parse(stream.spec).data.time)])
        lived = replay(place, mixed, stream, turning=False)
        alarms, windows = alarms + lived.alarms, windows + lived.windows
        allowed += lived.rows * stream.step / timedelta(days=365.25)
    return alarms, windows, allowed


def no_gain(trials: int, rows: int = 300) -> dict[str, tuple[float, float]]:
    """Shares of trials in which a challenger of no gain takes over: by our rule, and by taking the higher score.

    Champion and both challengers of a trial learn from samples of one world, of the same size.
    """
    signature = Signature(features=(), target="y", task="binary", classes=("0", "1"), positive=1)
    taken: dict[str, list[tuple[bool, bool]]] = {"accuracy": [], "roc_auc": [], "log_loss": []}
    for seed in range(trials):
        rng = np.random.default_rng(seed)

        def world(count: int, rng: np.random.Generator = rng) -> tuple[Any, Any]:
            x = rng.normal(size=(count, 6))
            return x, (x[:, 0] + 0.5 * x[:, 1] + rng.normal(size=count) > 0).astype(np.int64)

        x, y = world(rows)

        def answer(x: Any = x, y: Any = y, world: Any = world) -> Side:
            scores = LogisticRegression().fit(*world(500)).predict_proba(x)
            return side(y, scores.argmax(axis=1), scores, signature)

        champion, challengers = answer(), (answer(), answer())
        for metric, kept in taken.items():
            better, higher = False, False
            for challenger in challengers:
                *_, gain, alike = contest(metric, challenger, champion, "binary", level=LEVEL, seed=seed)
                better |= decide(metric, (gain, alike), (), (), LEVEL)[0]
                value = (gain.value or 0.0) * (1 if METRICS.fact(metric, "DIRECTION") == "up" else -1)
                higher |= value > 0
            kept.append((better, higher))
    return {name: tuple(float(share) for share in np.mean(kept, axis=0)) for name, kept in taken.items()}  # type: ignore[misc]


def told(name: str, lived: Lived) -> str:
    """A stream as a line of a table."""
    outcomes = [d.outcome for d in lived.decisions]
    counts = (f"{lived.rows:,}", lived.windows, lived.alarms, len(outcomes), outcomes.count("promoted"))
    quality_of = (f"{np.mean(lived.static):.3f}", f"{np.mean(lived.live):.3f}")
    return f"| {' | '.join(map(str, (name, *counts, *quality_of)))} |"


def main() -> int:
    """Live through what is asked for; 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["elec2", "bike", "control", "gain"])
    parser.add_argument("--decisions", action="store_true", help="also print every decision")
    parser.add_argument("--windows", type=int, default=10**6, help="at most so many of each stream")
    asked = parser.parse_args()
    data, kept = Path(os.environ.get("VOLVELLE_DATA", "../shared/data")), True
    if set(asked.what) & set(STREAMS):
        print("| stream | rows | windows | with an alarm | decisions | promoted | never retrained | live |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in [n for n in asked.what if n in STREAMS]:
        with tempfile.TemporaryDirectory() as folder:
            frame = pl.read_csv(data / STREAMS[name].source, infer_schema_length=None)
            lived = replay(Path(folder), frame, STREAMS[name], windows=asked.windows)
            print(told(name, lived), flush=True)
            for d in lived.decisions if asked.decisions else ():
                print(f"    {d.number} {d.at[:10]} {d.outcome}: {d.why[0]} -> {d.because}")
            for champion, facts in lived.champions.items() if asked.decisions else ():
                print(f"    {champion}: {facts}")
            gained = np.mean(lived.live) - np.mean(lived.static)
            kept &= bool(gained > 0 if name == "elec2" else gained < 0)
    if "control" in asked.what:
        for name, stream in STREAMS.items():
            with tempfile.TemporaryDirectory() as folder:
                frame = pl.read_csv(data / stream.source, infer_schema_length=None)
                alarms, windows, allowed = control(Path(folder), frame, stream, 5)
            told_of = f"{alarms} of {windows} windows with an alarm; {allowed:.1f} are allowed."
            print(f"\n{name} shuffled: {told_of}", flush=True)
            kept &= alarms <= allowed + 2 * allowed**0.5
    if "gain" in asked.what:
        print("\n| no gain | promoted | by the higher score |\n| --- | --- | --- |")
        for metric, (ours, higher) in no_gain(400).items():
            print(f"| {metric} | {ours:.1%} | {higher:.1%} |")
            kept &= ours <= 0.05
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
