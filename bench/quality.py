"""How good the models of one budget are: test losses against other tools, on the same rows, seed, metric and core.

Every tool learns from the same training side with one thread and a budget in CPU seconds (see
`bench/peers/progress.py`) of a reference machine (see `bench/pace.py`), optimises the same loss (log loss for classes,
RMSE for numbers) and is judged on the same sealed test side. The peers FLAML, mljar-supervised and AutoGluon get the
raw columns and prepare them themselves, each in an environment of its own; LightGBM with its defaults gets our raw view
with native categories, and the linear model (logistic or ridge) scaled columns and one-hot categories. Of free text
(SMS spam) both get our counts of words, and so does FLAML, which has none of its own. A ratio below 1 means that
Volvelle erred less.

What was measured is kept in `bench/quality.json` by set, seed, budget, tool, version and hashes of the rows, so that a
peer is run once and the table can be printed again without running anything.

    python -m bench.quality --install PLACE                      make the peers' environments
    python -m bench.quality [--peers PLACE] [--budgets 30 120] [--seeds 7 8 9] [--sets adult wine] [--tools own flaml]
    python -m bench.quality --table [--json]                     print what was measured
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import msgspec
import numpy as np
import polars as pl
from bench import standing
from bench.pace import pace
from bench.sets import SETS, spec_for
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from volvelle.data.records import Dataset
from volvelle.data.versions import from_bytes
from volvelle.flow.turn import Project, turn
from volvelle.model.derive import derive, target_codes
from volvelle.model.encode import encode
from volvelle.model.signature import Signature
from volvelle.prepare import recipe as preparing
from volvelle.prepare.contract import View
from volvelle.prepare.records import Split

HERE = Path(__file__).resolve().parent
PEERS = ("flaml", "mljar", "autogluon")
UNREADING = ("flaml",)
"""Peers that take a column of sentences for a category; AutoGluon and mljar-supervised count words themselves."""
TOOLS = ("own", *standing.TOOLS)
KEPT = HERE / "quality.json"
_PATIENCE = 20
"""A peer that has not come back after so many budgets, by the wall, is given up."""
_ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


class Dealt(NamedTuple):
    """Both sides of one set as everyone gets them."""

    train: pl.DataFrame
    test: pl.DataFrame
    signature: Signature
    hashes: tuple[str, str]

    def y(self, frame: pl.DataFrame) -> NDArray[Any]:
        """Class positions or values."""
        return target_codes(frame, self.signature)

    def seen(self, frame: pl.DataFrame, tool: str) -> pl.DataFrame:
        """The raw columns that a model may see; free text, where a tool reads none, as our dense view of its words."""
        features = self.signature.features
        if tool not in UNREADING or all(feature.kind != "text" for feature in features):
            return frame.select([feature.name for feature in features])
        recipe = preparing.fit(encode(self.train, self.signature), self.signature, "dense")
        made = preparing.features(recipe, self.signature, encode(frame, self.signature))
        return pl.DataFrame(made, schema=[f"f{k}" for k in range(made.shape[1])])


def deal(name: str, data: Path, seed: int) -> Dealt:
    """Volvelle's own split."""
    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as place:
        spec = spec_for(name, data, seed, 1)
        project = Project(Path(place))
        finished = turn(project, spec, lambda event, facts: None, wheel="bench.peers.wheels:DEALT")
        split = project.store.get_record(finished.output("split"), Split)
        dataset = project.store.get_record(finished.output("collect"), Dataset)
        train, test = from_bytes(project.store.get(split.train)), from_bytes(project.store.unseal(split.test))
        return Dealt(train, test, derive(spec, dataset, train)[0], (split.train, split.test))


def loss(dealt: Dealt, answers: NDArray[Any]) -> float:
    """RMSE, or log loss of probabilities that are at least 1e-7, so that one sure mistake does not decide."""
    y = dealt.y(dealt.test)
    if dealt.signature.task == "regression":
        return float(np.sqrt(np.mean((answers.reshape(-1).astype(np.float64) - y) ** 2)))
    p = np.clip(answers.astype(np.float64), 1e-7, 1)
    return float(-np.log(p[np.arange(len(y)), y] / p.sum(axis=1)).mean())


def simple(tool: str, dealt: Dealt, seed: int) -> NDArray[Any]:
    """Test answers of LightGBM with its defaults, or of a linear model."""
    view: View = "raw" if tool == "lightgbm" else "dense"
    inputs = [encode(frame, dealt.signature) for frame in (dealt.train, dealt.test)]
    recipe = preparing.fit(inputs[0], dealt.signature, view)
    train, test = (preparing.features(recipe, dealt.signature, side) for side in inputs)
    y, regression = dealt.y(dealt.train), dealt.signature.task == "regression"
    if tool == "lightgbm":
        kind = lightgbm.LGBMRegressor if regression else lightgbm.LGBMClassifier
        model: Any = kind(verbosity=-1, n_jobs=1, random_state=seed)
        model.fit(train, y, categorical_feature=list(preparing.categorical(recipe)))
    else:
        model = (Ridge() if regression else LogisticRegression(max_iter=1000)).fit(train, y)
    return np.asarray(model.predict(test) if regression else model.predict_proba(test))


def ask(tool: str, name: str, dealt: Dealt, seed: int, budget: float, options: argparse.Namespace) -> dict[str, Any]:
    """One tool on one set, in a process of its own: its report, in seconds of the reference, and its loss."""
    slower = pace()
    budget *= slower
    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as folder:
        place = Path(folder)
        if tool == "own":
            (place / "spec.json").write_bytes(msgspec.json.encode(spec_for(name, options.data, seed, budget)))
            command = [sys.executable, "-m", "bench.peers.own", folder]
        else:
            for side, frame in (("train", dealt.train), ("test", dealt.test)):
                table = dealt.seen(frame, tool).with_columns(pl.Series("__target__", dealt.y(frame)))
                table.write_parquet(place / f"{side}.parquet")
            asked = {"kind": dealt.signature.task, "classes": len(dealt.signature.classes)}
            (place / "task.json").write_text(json.dumps({**asked, "seed": seed, "budget": budget}), encoding="utf-8")
            command = [str(options.peers / tool / "bin" / "python"), "-m", f"bench.peers.with_{tool}", folder]
        environment = {**os.environ, **dict.fromkeys(_ONE, "1")}
        with (place / "said.txt").open("wb") as said:
            try:
                subprocess.run(
                    command,
                    check=True,
                    cwd=HERE.parent,
                    env=environment,
                    stdout=said,
                    stderr=said,
                    timeout=_PATIENCE * budget + 300,
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                last = (place / "said.txt").read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
                return {"version": "", "failed": f"{type(error).__name__}: {last[:200]}"}
        report: dict[str, Any] = json.loads((place / "report.json").read_text(encoding="utf-8"))
        for told in ("cpu", "search", "row_ms"):
            report |= {told: round(report[told] / slower, 3)} if told in report else {}
        return {
            **report,
            "pace": round(slower, 3),
            "loss": loss(dealt, np.load(place / "answers.npy", allow_pickle=False)),
        }


def measure(tool: str, name: str, dealt: Dealt, seed: int, budget: float, options: argparse.Namespace) -> None:
    """One entry of the kept file, unless it is there."""
    key = {"set": name, "seed": seed, "budget": budget if tool in ("own", *PEERS) else 0, "tool": tool}
    hashes = {"train": dealt.hashes[0][-12:], "test": dealt.hashes[1][-12:]}
    if not options.again and standing.holds(options.kept, {**key, **hashes}):
        return
    if tool in ("lightgbm", "linear"):
        found: dict[str, Any] = {"version": lightgbm.__version__, "loss": loss(dealt, simple(tool, dealt, seed))}
    else:
        found = ask(tool, name, dealt, seed, budget, options)
    standing.keep(options.kept, {**key, **found, **hashes, "kind": dealt.signature.task, "rows": len(dealt.train)})
    print(
        f"{name} seed {seed} {budget:g} s {tool}: {found.get('loss', found.get('failed'))}", file=sys.stderr, flush=True
    )


def install(place: Path) -> None:
    """An environment for each peer, from its requirements file."""
    for peer in PEERS:
        subprocess.run([sys.executable, "-m", "venv", str(place / peer)], check=True)
        pip = [str(place / peer / "bin" / "python"), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "-r", str(HERE / "peers" / f"{peer}.txt")], check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the ratios as one document")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--install", type=Path, metavar="PLACE", help="make the peers' environments and end")
    parser.add_argument("--peers", type=Path, metavar="PLACE", help="where they are; without it they are not run")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of measurements")
    parser.add_argument("--budgets", type=float, nargs="+", default=[30.0], help="CPU seconds of the reference")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--again", action="store_true", help="measure what is kept once more")
    return parser.parse_args()


def main() -> int:
    """Measure what is missing, and print the table."""
    options = _options()
    options.data = options.data.resolve()
    if options.install:
        install(options.install)
        return 0
    tools = [t for t in options.tools if options.peers or t not in PEERS]
    for budget in () if options.table else options.budgets:
        for seed in options.seeds:
            for name in options.sets:
                dealt = deal(name, options.data, seed)
                for tool in tools:
                    measure(tool, name, dealt, seed, budget, options)
    print(standing.document(options.kept) if options.json else standing.tables(options.kept))
    return 0


if __name__ == "__main__":
    sys.exit(main())
