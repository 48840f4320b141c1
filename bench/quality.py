"""How good the models of one budget are: test losses against LightGBM's defaults and a linear model.

All learn from the same training side and are judged on the same sealed test side. The peers get Volvelle's own
encoding: LightGBM the raw view with native categories, the linear model (ridge, logistic) scaled columns and one-hot
categories. The loss is RMSE, or for classes log loss and 1 - ROC-AUC; a ratio below 1 means that Volvelle erred less.

    python -m bench.quality [--data FOLDER] [--budget 30] [--sets adult wine] [--seeds 7] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from volvelle.data.versions import from_bytes
from volvelle.evaluate.measure import value
from volvelle.evaluate.sides import side
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.model.derive import target_codes
from volvelle.model.encode import encode
from volvelle.model.session import Session
from volvelle.prepare import recipe as preparing
from volvelle.prepare.contract import View
from volvelle.spec.requirements import Data, Problem, Search, Spec


class Table(NamedTuple):
    """One set."""

    source: str
    target: str
    ignore: tuple[str, ...] = ()
    task: str = "classification"


SETS = {
    "adult": Table("tabular/adult_train.csv.gz", "income", ("fnlwgt",)),
    "bank": Table("tabular/bank_marketing.csv.gz", "y", ("duration",)),
    "ai4i": Table(
        "tabular/ai4i2020.csv.gz", "Machine failure", ("UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF")
    ),
    "titanic": Table("tabular/titanic.csv.gz", "Survived", ("PassengerId", "Name", "Ticket", "Cabin")),
    "california": Table("regression/california_housing.csv.gz", "median_house_value", task="regression"),
    "diamonds": Table("regression/diamonds.csv.gz", "price", task="regression"),
    "wine": Table("tabular/wine_quality.csv.gz", "quality", task="regression"),
}
METRICS = {"classification": ("log_loss", "roc_auc"), "regression": ("rmse",)}


def run(
    folder: Path, table: Table, budget: float, trials: int | None, seed: int
) -> tuple[Result, tempfile.TemporaryDirectory[str]]:
    """One turn in a place of its own."""
    place = tempfile.TemporaryDirectory(prefix="volvelle-bench-")
    spec = Spec(
        problem=Problem(target=table.target, task="regression" if table.task == "regression" else "classification"),
        data=Data(source=str(folder / table.source), ignore=table.ignore),
        search=Search(budget=f"{budget:g} s", trials=trials, seed=seed),
    )
    project = Project(Path(place.name))
    return find(project, turn(project, spec, lambda event, facts: None).run), place


def losses(result: Result, scores: NDArray[Any], y: NDArray[Any], task: str) -> dict[str, float]:
    """Metric to loss on the test side."""
    signature = result.model.signature
    labels = np.argmax(scores, axis=1)
    found = {m: value(m, side(y, labels, scores, signature), signature.task) for m in METRICS[task]}
    return {m: 1 - v if m == "roc_auc" else v for m, v in found.items()}


def features(
    result: Result, view: View, inputs: list[dict[str, NDArray[Any]]]
) -> tuple[list[NDArray[np.float32]], tuple[int, ...]]:
    """Both sides by a recipe fitted on the first."""
    recipe = preparing.fit(inputs[0], result.model.signature, view)
    made = [preparing.features(recipe, result.model.signature, side_) for side_ in inputs]
    return made, preparing.categorical(recipe)


def peers(result: Result, inputs: list[dict[str, NDArray[Any]]], y: NDArray[Any], task: str) -> dict[str, NDArray[Any]]:
    """Test answers of the peers."""
    (train, test), categorical = features(result, "raw", inputs)
    options: dict[str, Any] = {"verbosity": -1, "n_jobs": 2, "random_state": 7}
    (dense, dense_test), _ = features(result, "dense", inputs)
    if task == "regression":
        boosted: Any = lightgbm.LGBMRegressor(**options).fit(train, y, categorical_feature=list(categorical))
        line: Any = Ridge().fit(dense, y)
        return {
            "lightgbm": boosted.predict(test).reshape(-1, 1),
            "linear": line.predict(dense_test).reshape(-1, 1),
        }
    boosted = lightgbm.LGBMClassifier(**options).fit(train, y, categorical_feature=list(categorical))
    line = LogisticRegression(max_iter=1000).fit(dense, y)
    return {"lightgbm": boosted.predict_proba(test), "linear": line.predict_proba(dense_test)}


def compare(name: str, folder: Path, budget: float, trials: int | None, seed: int) -> dict[str, Any]:
    """One set: our losses and their ratios to each peer's."""
    table = SETS[name]
    result, place = run(folder, table, budget, trials, seed)
    try:
        signature, store = result.model.signature, result.project.store
        frames = [from_bytes(store.get(result.split.train)), from_bytes(store.get(result.scored.rows))]
        inputs = [encode(f, signature) for f in frames]
        y, y_test = (target_codes(f, signature) for f in frames)
        answers = Session(result.onnx).run(inputs[1])
        own = losses(result, answers["prediction" if table.task == "regression" else "scores"], y_test, table.task)
        row: dict[str, Any] = {
            "set": name,
            "seed": seed,
            "trials": len(result.searched.trials),
            "size": result.model.size,
        }
        row["model"] = result.candidate.estimator
        row["members"] = len(result.candidate.parts())
        row["loss"] = own
        for peer, given in peers(result, inputs, y, table.task).items():
            theirs = losses(result, given, y_test, table.task)
            row[peer] = {m: own[m] / theirs[m] for m in own}
        return row
    finally:
        place.cleanup()


def main() -> int:
    """Print the table of ratios and their geometric means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--budget", type=float, default=30.0)
    parser.add_argument("--trials", type=int, help="stop by count instead of by the clock")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    options = parser.parse_args()
    rows = []
    if not options.json:
        print(f"{'set':<11}{'metric':<10}{'loss':>11}{'/ lightgbm':>12}{'/ linear':>10}{'trials':>8}{'KiB':>7}  model")
    for name in options.sets:
        for seed in options.seeds:
            row = compare(name, options.data.resolve(), options.budget, options.trials, seed)
            rows.append(row)
            for metric in row["loss"] if not options.json else ():
                print(
                    f"{name:<11}{'1-auc' if metric == 'roc_auc' else metric:<10}{row['loss'][metric]:>11.5g}"
                    f"{row['lightgbm'][metric]:>12.3f}{row['linear'][metric]:>10.3f}{row['trials']:>8}"
                    f"{row['size'] / 1024:>7.0f}  {row['model']} ({row['members']})",
                    flush=True,
                )
    if options.json:
        print(json.dumps(rows))
        return 0
    for peer in ("lightgbm", "linear"):
        ratios = [math.log(v) for row in rows for v in row[peer].values()]
        print(f"geometric mean / {peer}: {math.exp(sum(ratios) / len(ratios)):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
