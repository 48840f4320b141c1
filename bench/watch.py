"""Watching: false alarms, power, delay, time and memory, beside Evidently, NannyML and whylogs.

Nothing here was tuned on the seed that it prints (11); the constants were chosen on others. The peers run in
environments of their own, with their defaults; without `--peers` they are left out.

    python -m bench.watch --install PLACE                       make the peers' environments
    python -m bench.watch [--peers PLACE] [--parts quiet power] [--seed 11] [--resamples 200] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from bench.again import again
from bench.guessed import guessed
from bench.peers.asking import asked, told
from bench.streams import shifts, streams, windows
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import ks_2samp

from volvelle.model.signature import Feature, Signature
from volvelle.monitor.compare import compare
from volvelle.monitor.estimate import area_of_rows, estimated, honest
from volvelle.monitor.records import Policy, Reference, Sketch, to_bytes
from volvelle.monitor.reference import reference
from volvelle.monitor.sketch import sketch
from volvelle.monitor.watch import watch

HERE = Path(__file__).resolve().parent
PEERS = ("evidently", "nannyml", "whylogs")
COLUMNS, DAYS, DAILY, LARGE, WINDOWS = 20, 50, 500, 1_000_000, 40
LAGS = (0.5, 0.9, 0.98)
FORMS = ((1, 40, 0), (COLUMNS, 40, 0), (1, 4, 16), (COLUMNS, 4, 16))
"""Columns, healthy windows that are held out, and windows learnt from just before."""
FIVE_IN_FIFTY = Policy(false_alarms=0.05 / DAYS * 365, window=DAILY)
"""At most 5 % of streams of 50 daily windows may call at all."""
OFTEN = 0.05 * 365
"""At most 5 % of daily windows may."""
Rows = NDArray[Any]
Table = tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]


def signature(columns: int, *, classes: int = 0) -> Signature:
    """Numbers, and a target of no interest."""
    features = tuple(Feature(name=f"x{k}", kind="number", low=-8.0, high=8.0) for k in range(columns))
    if classes:
        return Signature(features=features, target="y", task="binary", classes=("0", "1"), positive=1)
    return Signature(features=features, target="y", task="regression")


def frame(rows: Rows) -> pl.DataFrame:
    """Rows ``[n, d]`` as a table."""
    return pl.DataFrame({f"x{k}": rows[:, k] for k in range(rows.shape[1])})


def none(rows: int) -> pl.DataFrame:
    """Answers that say nothing."""
    return pl.DataFrame({"prediction": np.zeros(rows)})


def learnt(rows: Rows, window: int, before: int = 0) -> Reference:
    """The reference of healthy rows, of which the model has learnt from those of the first windows."""
    earlier, held = np.split(rows, [before * window])
    learnt_from = (frame(earlier), none(len(earlier)))
    made = signature(rows.shape[1])
    return reference(frame(held), none(len(held)), made, window=window, seed=0, earlier=learnt_from)


def counted(rows: Rows, known: Reference) -> Sketch:
    """One window."""
    return sketch(frame(rows), none(len(rows)), known.edges)


def quiet(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """How many windows call though nothing drifts."""
    lines = []
    for size in (800, 1000, 5000):
        for healthy in (size, 20_000):
            policies, calls = (Policy(window=size, false_alarms=OFTEN), Policy(window=size)), [0, 0]
            for _ in range(options.resamples):
                known = learnt(rng.normal(size=(healthy, COLUMNS)), size)
                now = counted(rng.normal(size=(size, COLUMNS)), known)
                calls = [n + bool(watch(known, [now], p).alarms) for n, p in zip(calls, policies, strict=True)]
            cells = [share(n, options.resamples) for n in calls]
            lines.append((f"{size:,}", f"{healthy:,}", *cells, "at most 5 %"))
    heads = ("rows", "healthy rows", "call, where 5 % may", "where 1 a year may", "wanted")
    return f"Windows that call though nothing drifts, of {options.resamples} each", heads, lines


def resembling(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """How many streams of rows that resemble their neighbours call at all in 50 windows."""
    lines = []
    for lag, ours in zip(LAGS, rng.spawn(len(LAGS)), strict=True):
        for (columns, held, before), each in zip(FORMS, ours.spawn(len(FORMS)), strict=True):
            streams = options.resamples if columns == 1 else options.resamples // 2
            found = [calls(own, lag, columns, held, before) for own in each.spawn(streams)]
            cells = (str(streams), share(sum(map(bool, found)), streams), share(sum(found), streams * DAYS))
            lines.append((f"{lag:g}", str(columns), f"{held} + {before}", *cells, "at most 7 %"))
    heads = ("lag-1 correlation", "columns", "healthy windows held out + learnt from")
    last = ("streams", "streams that call", "windows that call", "wanted")
    title = "Streams of 50 windows of 500 rows that resemble their neighbours, nothing drifting"
    return title, (*heads, *last), lines


def calls(rng: np.random.Generator, lag: float, columns: int, held: int, before: int) -> int:
    """How many windows of one such stream call."""
    noise = rng.normal(size=((before + held + DAYS) * DAILY, columns))
    rows = lfilter([np.sqrt(1 - lag**2)], [1, -lag], noise, axis=0)
    healthy, now = np.split(rows, [(before + held) * DAILY])
    known = learnt(healthy, DAILY, before)
    days = [counted(part, known) for part in np.split(now, DAYS)]
    return len({alarm.window for alarm in watch(known, days, FIVE_IN_FIFTY).alarms})


def power(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """How many windows of 5,000 rows call for what drifts in one of 20 columns."""
    size, lines = 5000, []
    often = Policy(window=size, false_alarms=OFTEN)
    for name, wanted, change in _CHANGES:
        cells = []
        for healthy, policy in ((size, often), (size, Policy(window=size)), (20_000, Policy(window=size))):
            hits = 0
            for _ in range(options.resamples):
                known = learnt(rng.normal(size=(healthy, COLUMNS)), size)
                rows = rng.normal(size=(size, COLUMNS))
                change(rows, rng)
                alarms = watch(known, [counted(rows, known)], policy).alarms
                hits += any(alarm.feature == "x0" for alarm in alarms)
            cells.append(share(hits, options.resamples))
        lines.append((name, *cells, wanted))
    heads = ("what drifts", "of 5,000 healthy rows, at 5 % of windows", "at 1 a year", "of 20,000", "wanted")
    return "Windows of 5,000 rows that call for one drifting column of 20, by false alarms allowed", heads, lines


def _shifted(rows: Rows, rng: np.random.Generator) -> None:
    rows[:, 0] += 0.1


def _varied(rows: Rows, rng: np.random.Generator) -> None:
    # 2 * Phi(0.1254 / 2) - 1 = 0.05
    rows[:, 0] += 0.1254


def _outlying(rows: Rows, rng: np.random.Generator) -> None:
    rows[rng.random(len(rows)) < 0.05, 0] = 4.0


def _heaped(rows: Rows, rng: np.random.Generator) -> None:
    rows[rng.random(len(rows)) < 0.05, 0] = 0.0


def _gone(rows: Rows, rng: np.random.Generator) -> None:
    rows[rng.random(len(rows)) < 0.05, 0] = np.nan


_CHANGES: tuple[tuple[str, str, Callable[[Rows, np.random.Generator], None]], ...] = (
    ("mean by 0.1 sd", "at least 90 %", _shifted),
    ("total variation 0.05, by a shift", "at least 99 %", _varied),
    ("total variation 0.05, 5 % of the rows to one tail", "at least 99 %", _outlying),
    ("5 % of the rows to one value in the middle", "", _heaped),
    ("missing + 5 points", "at least 99 %", _gone),
)


def delay(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """How many days of 500 rows pass until a shift is called, where 5 % of streams call for nothing in 50 days."""
    lines, trials = [], options.resamples // 2
    for healthy in (20_000, 100_000):
        waits: dict[float, list[float]] = {0.2: [], 0.1: []}
        for _ in range(trials):
            known = learnt(rng.normal(size=(healthy, COLUMNS)), DAILY)
            days = [counted(rng.normal(size=(DAILY, COLUMNS)), known) for _ in range(10)]
            for shift, found in waits.items():
                drifting = []
                for _ in range(20):
                    rows = rng.normal(size=(DAILY, COLUMNS))
                    rows[:, 0] += shift
                    drifting.append(counted(rows, known))
                alarms = watch(known, [*days, *drifting], FIVE_IN_FIFTY, first=10).alarms
                found.append(min((a.window - 9.0 for a in alarms if a.feature == "x0"), default=float("inf")))
        medians = [f"{statistics.median(waits[shift]):g}" for shift in waits]
        lines.append((f"{healthy:,}", *medians))
    lines.append(("wanted", "at most 2", "at most 7"))
    heads = ("healthy rows", "median days until 0.2 sd", "until 0.1 sd")
    return "Days of 500 rows until one of 20 columns calls", heads, lines


def speed(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """Time and memory of 1 M rows of 20 columns against as many."""
    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
        place = Path(folder)
        frame(rng.normal(size=(LARGE, COLUMNS))).write_parquet(place / "reference.parquet")
        frame(rng.normal(size=(LARGE, COLUMNS))).write_parquet(place / "now-0.parquet")
        told([sys.executable, "-m", "bench.watch", "--one", "release", folder])
        found = {way: told([sys.executable, "-m", "bench.watch", "--one", way, folder]) for way in _ONE}
        found |= {peer: answers for peer in PEERS if (answers := asked(peer, folder, options.peers))}
    plain, evidently = found["plain"], found.get("evidently")
    lines = []
    for way, spent in found.items():
        cells = [f"{spent['cpu']:.2f}", f"{spent['cpu'] / plain['cpu']:.2f}", f"{spent['peak'] / 1024:,.0f}"]
        rest = (
            [f"1/{evidently['cpu'] / spent['cpu']:.0f}", f"{spent['peak'] / evidently['peak']:.2f}"]
            if evidently
            else []
        )
        lines.append((_ONE.get(way, way), *cells, *rest))
    heads = ("way", "CPU seconds", "of plain", "MiB", *(("time of Evidently's", "memory") if evidently else ()))
    return "1 M x 20 numbers against 1 M x 20, read from Parquet", heads, lines


_ONE = {
    "plain": "Polars and SciPy's ks_2samp",
    "rows": "Volvelle, rows against rows",
    "sketch": "Volvelle, a sketch against the release",
}


def one(way: str, place: Path) -> None:
    """One way of `speed` in a process of its own, as one JSON line."""
    began = time.process_time()
    if way == "release":
        rows = pl.read_parquet(place / "reference.parquet")
        made = reference(rows, none(rows.height), signature(COLUMNS), window=LARGE // 10, seed=0)
        (place / "reference.json").write_bytes(to_bytes(made))
    elif way == "sketch":
        known = msgspec.json.decode((place / "reference.json").read_bytes(), type=Reference)
        now = pl.read_parquet(place / "now-0.parquet")
        watch(known, [sketch(now, none(now.height), known.edges)], Policy())
    else:
        healthy, now = (pl.read_parquet(place / name) for name in ("reference.parquet", "now-0.parquet"))
        if way == "rows":
            compare(healthy, now, signature(COLUMNS).features)
        else:
            for name in now.columns:
                ks_2samp(healthy[name].to_numpy(), now[name].to_numpy())
    print(json.dumps({"cpu": time.process_time() - began, "peak": _peak()}))


def estimates(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """Estimated ROC-AUC of windows of 5,000 rows against NannyML's."""
    lines = []
    for name, bend in (("honest scores", 1.0), ("scores too bold", 1.8)):
        for shift in (0.0, 0.5):
            healthy, now = (_scored(rng, 50_000, 0.0, bend), _scored(rng, 20_000, shift, bend))
            spent = time.process_time()
            known = reference(healthy, _answers(healthy), signature(1, classes=2), window=5000, seed=0)
            learning = time.process_time() - spent
            parts = [now[at : at + 5000] for at in range(0, 20_000, 5000)]
            spent = time.process_time()
            counts = [estimated(known, sketch(p, _answers(p), known.edges))["roc_auc"] for p in parts]
            counting = time.process_time() - spent
            spent = time.process_time()
            worth = honest(healthy["p"].to_numpy(), healthy["y"].to_numpy())
            rows = [area_of_rows(p["p"].to_numpy(), *worth) for p in parts]
            walking = time.process_time() - spent
            with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
                healthy.drop("x0").write_parquet(Path(folder) / "reference.parquet")
                now.drop("x0").write_parquet(Path(folder) / "now-0.parquet")
                said = asked("nannyml", folder, options.peers)
            if said:
                apart = [max(abs(a - b) for a, b in zip(ours, said["said"][0], strict=True)) for ours in (rows, counts)]
                cpu = (f"{walking / said['cpu']:.3f}", f"{counting / said['cpu']:.3f}", f"{learning:.2f} s")
                lines.append((name, f"{shift:g} sd", *(f"{a:.4f}" for a in apart), *cpu))
    heads = ("scores", "shift of inputs", "rows: farthest from NannyML", "sketch: farthest", "rows: CPU of NannyML's")
    return "ROC-AUC estimated without outcomes", (*heads, "sketch: CPU", "reference, once"), lines


def _scored(rng: np.random.Generator, rows: int, shift: float, bend: float) -> pl.DataFrame:
    z = rng.normal(size=rows) * 1.5 + shift
    score = (1 / (1 + np.exp(-bend * z))).astype(np.float32)
    y = (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(int)
    return pl.DataFrame({"x0": z, "y": y, "p": score, "pred": (score > 0.5).astype(int)})


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(prediction=pl.col("pred").cast(pl.String), score_0=1 - pl.col("p"), score_1="p")


def peers(rng: np.random.Generator, options: argparse.Namespace) -> Table:
    """The same quiet windows for everyone: windows of 1,000 rows against 1,000 and 20,000 healthy rows."""
    lines: dict[str, list[str]] = {}
    for healthy in (1000, 20_000):
        for tool, calls in _quiet(rng, healthy, options).items():
            lines.setdefault(tool, []).append(share(calls, WINDOWS))
    heads = ("tool", "of 1,000 healthy rows", "of 20,000")
    title = (
        f"{WINDOWS} windows of 1,000 rows of 20 columns that call though nothing drifts, each tool with its defaults"
    )
    return title, heads, [(tool, *cells) for tool, cells in lines.items()]


def _quiet(rng: np.random.Generator, size: int, options: argparse.Namespace) -> dict[str, int]:
    """Windows that call, by tool."""
    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
        healthy, windows = rng.normal(size=(size, COLUMNS)), rng.normal(size=(WINDOWS, 1000, COLUMNS))
        frame(healthy).write_parquet(Path(folder) / "reference.parquet")
        for k, rows in enumerate(windows):
            frame(rows).write_parquet(Path(folder) / f"now-{k:02d}.parquet")
        known = learnt(healthy, 1000)
        calls = {"Volvelle": sum(bool(watch(known, [counted(rows, known)], Policy()).alarms) for rows in windows)}
        peers = {peer: found for peer in PEERS if (found := asked(peer, folder, options.peers))}
    return calls | {f"{peer} {found['version']}": sum(found["said"]) for peer, found in peers.items()}


PARTS: dict[str, Callable[[np.random.Generator, argparse.Namespace], Table]] = {
    "quiet": quiet,
    "peers": peers,
    "resembling": resembling,
    "power": power,
    "delay": delay,
    "estimates": estimates,
    "speed": speed,
    "again": again,
    "streams": streams,
    "windows": windows,
    "shifts": shifts,
    "guessed": guessed,
}


def share(hits: int, trials: int) -> str:
    """A share as text.

    >>> share(1, 200)
    '0.5 %'
    """
    return f"{100 * hits / trials:.1f} %"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def markdown(tables: list[Table]) -> Iterator[str]:
    """The tables as text."""
    for title, heads, lines in tables:
        yield f"{title}:\n"
        yield from (f"| {' | '.join(cells)} |" for cells in (heads, ("---",) * len(heads), *lines))
        yield ""


def install(place: Path) -> None:
    """An environment for each peer, from its requirements file."""
    for peer in PEERS:
        subprocess.run([sys.executable, "-m", "venv", str(place / peer)], check=True)
        pip = [str(place / peer / "bin" / "python"), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "-r", str(HERE / "peers" / f"{peer}.txt")], check=True)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", type=Path, metavar="PLACE", help="make the peers' environments and end")
    parser.add_argument("--peers", type=Path, metavar="PLACE", help="where they are; without it they are not run")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print one document")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], Path(options.one[1]))
        return 0
    if options.install:
        install(options.install)
        return 0
    if options.peers:
        options.peers = options.peers.resolve()
    tables = []
    for part in options.parts:
        tables.append(PARTS[part](np.random.default_rng([options.seed, list(PARTS).index(part)]), options))
        print("\n".join(markdown(tables[-1:])), file=sys.stderr, flush=True)
    print(json.dumps(tables) if options.json else "\n".join(markdown(tables)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
