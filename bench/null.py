"""How often luck passes for learning: whole runs on tables whose target is shuffled.

Each run takes rows of a public table, shuffles its target, and turns the wheel once as a user would: a search over
several estimators, averaging, calibration and a threshold set for the gates. The gates ask for a hundredth more than
chance gives, so whatever passes has passed by luck; the stated share is 1 - `[require] confidence`.

    python -m bench.null [--runs 100] [--first 0] [--data FOLDER] [--keep runs.jsonl] [--json]

Exit code 1 where a gate is passed, or importance lies above 0, more often than stated, or a leak is claimed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from volvelle.data.collect import collect
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Require, Search, Spec

STATED = 0.05
MARGIN = 0.01
TRIALS, FOLDS = 5, 3
ESTIMATORS = ("naive_bayes", "logistic", "decision_tree", "lightgbm")
NUMBERS = ("linear", "decision_tree", "lightgbm")


class Null(NamedTuple):
    """A table to be shuffled."""

    source: str
    target: str
    rows: int
    ignore: tuple[str, ...] = ()


TABLES = {
    "titanic": Null("tabular/titanic.csv.gz", "Survived", 300, ("PassengerId", "Name", "Ticket", "Cabin")),
    "telco": Null("tabular/telco_churn.csv.gz", "Churn", 400, ("customerID",)),
    "adult": Null("tabular/adult_train.csv.gz", "income", 350),
    "bank": Null("tabular/bank_marketing.csv.gz", "y", 400, ("duration",)),
    "california": Null("regression/california_housing.csv.gz", "median_house_value", 300),
}


def shuffled(name: str, data: Path, seed: int) -> pl.DataFrame:
    """Rows drawn from a table, with the targets of these rows in another order."""
    null = TABLES[name]
    frame, _ = collect(Data(source=null.source), {}, data)
    frame = frame.filter(pl.col(null.target).is_not_null()).sample(null.rows, seed=seed, shuffle=True)
    return frame.with_columns(frame[null.target].shuffle(seed=seed + 1))


def gates_of(target: pl.Series) -> tuple[str, ...]:
    """What luck alone can meet."""
    if target.n_unique() > 2:
        return (f"r2 >= {MARGIN}",)
    majority = float(target.value_counts()["count"].max()) / len(target)  # type: ignore[arg-type]
    chance = {"roc_auc": 0.5, "balanced_accuracy": 0.5, "accuracy": majority}
    return tuple(f"{metric} >= {level + MARGIN:.4f}" for metric, level in chance.items())


def run(name: str, data: Path, seed: int) -> dict[str, Any]:
    """One whole turn on a shuffled table: what passed, and what was claimed."""
    null = TABLES[name]
    with tempfile.TemporaryDirectory(prefix="volvelle-bench-") as place:
        frame = shuffled(name, data, seed)
        frame.write_csv(Path(place) / "table.csv")
        estimators = NUMBERS if frame[null.target].n_unique() > 2 else ESTIMATORS
        spec = Spec(
            problem=Problem(target=null.target),
            data=Data(source="table.csv", ignore=null.ignore),
            require=Require(gates=gates_of(frame[null.target]), confidence=1 - STATED),
            search=Search(budget="5 min", trials=TRIALS, folds=FOLDS, estimators=estimators, seed=seed),
        )
        project = Project(Path(place))
        result = find(project, turn(project, spec, lambda event, facts: None).run)
        told = result.explanation.importances if result.explanation else ()
        return {
            "table": name,
            "seed": seed,
            "gates": {v.name: v.verdict == "pass" for v in result.evidence.verdicts},
            "winner": result.candidate.estimator,
            "learnt": result.evidence.beats_baseline is True,
            "leaks": sum(f.name == "leak" for f in result.findings),
            "columns": sum(i.low is not None for i in told),
            "above": sum(i.low is not None and i.low > 0 for i in told),
        }


def counted(runs: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """By what was claimed: how often, of how many."""
    names = dict.fromkeys(name for run in runs for name in run["gates"])
    found = {}
    for name in names:
        asked = [run["gates"][name] for run in runs if name in run["gates"]]
        found[f"gate on {name}"] = (sum(asked), len(asked))
    found["any gate of a run"] = (sum(any(run["gates"].values()) for run in runs), len(runs))
    found["better than a constant"] = (sum(run["learnt"] for run in runs), len(runs))
    found["leak suspects"] = (sum(run["leaks"] > 0 for run in runs), len(runs))
    found["columns whose importance lies above 0"] = (
        sum(run["above"] for run in runs),
        sum(run["columns"] for run in runs),
    )
    return found


def sound(found: dict[str, tuple[int, int]]) -> bool:
    """Whether nothing is claimed more often than stated, and no leak at all."""
    return not found["leak suspects"][0] and all(times <= STATED * of for times, of in found.values())


def main() -> int:
    """Run what is missing, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--keep", type=Path, help="file of runs, so that a stopped bench goes on where it was")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kept = options.keep.read_text(encoding="utf-8").splitlines() if options.keep and options.keep.exists() else []
    runs = [json.loads(line) for line in kept]
    done = {run["seed"] for run in runs}
    names = list(TABLES)
    for seed in range(options.first, options.first + options.runs):
        if seed in done:
            continue
        runs.append(run(names[seed % len(names)], options.data, seed))
        if options.keep:
            with options.keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(runs[-1]) + "\n")
    found = counted(runs)
    passed = sound(found)
    if options.json:
        print(json.dumps({"runs": len(runs), "found": found, "passed": passed}))
        return 0 if passed else 1
    print("| claimed | times | of | share | stated |\n| --- | --- | --- | --- | --- |")
    for claim, (times, of) in found.items():
        stated = "0" if claim == "leak suspects" else f"{STATED:.0%}"
        print(f"| {claim} | {times} | {of} | {times / max(of, 1):.1%} | {stated} |")
    winners = [run["winner"] for run in runs]
    print(f"\nwinners: {', '.join(f'{name} {winners.count(name)}' for name in sorted(set(winners)))}")
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
