"""Parity of Python predictions and ONNX for every estimator x step x task, over fuzzed rows.

For each combination a recipe that uses the step is fitted, the estimator learns from its features, and
both are written into one graph. Then rows with missing cells, unseen categories, times out of all bounds
and extreme numbers are answered twice: by the estimator's `predict` on the features, and by the graph.

    python bench/parity.py [--rows 400] [--estimator NAME ...] [--step NAME ...] [--json]

Exit code 1 when any label differs or any score by more than 1e-5 (values: relative to ``max(1, |value|)``).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, to_builtins
from numpy.typing import NDArray

from volvelle.catalog import ESTIMATORS, STEPS
from volvelle.model.session import Session
from volvelle.model.signature import MISSING_CODE, MISSING_TIME, UNSEEN_CODE, Feature, ModelTask, Signature
from volvelle.model.word_codes import NO_WORD
from volvelle.prepare import recipe as recipes
from volvelle.prepare.pairs import Pair
from volvelle.testing.check_estimator import TOLERANCE, compare
from volvelle.testing.fuzz import fuzzed_rows
from volvelle.train.assemble import Part, assemble
from volvelle.train.contract import Lesson, View, defaults
from volvelle.train.learning import Learnt

Inputs = dict[str, NDArray[Any]]
CITIES = tuple(f"city {n}" for n in range(40))
FEATURES = (
    Feature(name="weight", kind="number"),
    Feature(name="income", kind="number"),
    Feature(name="rooms", kind="integer"),
    Feature(name="city", kind="category", categories=CITIES),
    Feature(name="new", kind="boolean", categories=("false", "true")),
    Feature(name="sold", kind="time"),
    Feature(name="note", kind="text", length=8),
)
COLUMNS = {"number": ("weight", "income", "rooms"), "code": ("city", "new"), "time": ("sold",), "words": ("note",)}
ENDS: dict[View, str] = {
    "dense": "one_hot",
    "ordinal": "ordinal",
    "raw": "ordinal_or_missing",
    "means": "target_mean",
}


class Outcome(Struct, frozen=True):
    """One combination."""

    estimator: str
    step: str
    task: ModelTask
    rows: int
    label_differences: int
    largest_difference: float
    seconds: float


def table(rows: int, seed: int = 7) -> tuple[Inputs, NDArray[np.float64]]:
    """Encoded rows with missing cells, a skewed column and forty categories; and a signal to learn."""
    rng = np.random.default_rng(seed)
    numbers = np.column_stack([rng.normal(70, 10, rows), rng.lognormal(3, 1, rows), rng.integers(1, 9, rows)])
    codes = np.column_stack([np.minimum(rng.geometric(0.15, rows), 40) - 1, rng.integers(0, 2, rows)])
    times = rng.integers(1_400_000_000, 1_700_000_000, (rows, 1))
    signal = (numbers[:, 0] - 70) / 10 + np.log(numbers[:, 1]) - 3 + np.isin(codes[:, 0], (1, 3, 6)) * 2.0
    signal += rng.normal(0, 0.3, rows)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    codes[rng.random(codes.shape) < 0.05] = MISSING_CODE
    times[rng.random(times.shape) < 0.05] = MISSING_TIME
    return {"numbers": numbers.astype(np.float32), "codes": codes, "times": times, "words": notes(rng, rows)}, signal


def notes(rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
    """Texts of up to eight of fifty words, some of none."""
    words = np.minimum(rng.geometric(0.1, (rows, 8)), 50) * 40_000_000
    return np.where(np.arange(8) < rng.integers(0, 9, (rows, 1)), words, NO_WORD)


def fuzzed(inputs: Inputs, rows: int, seed: int) -> Inputs:
    """Rows with extreme numbers, missing cells, unseen categories and times out of all bounds."""
    rng = np.random.default_rng(seed)
    stamps = np.array(
        [MISSING_TIME, 0, -1, 86_399, 86_400, -62_135_596_800, 253_402_300_799, 951_782_400, 2**31, -(2**31)]
    )
    usual = inputs["times"][rng.integers(0, len(inputs["times"]), rows)]
    return {
        "numbers": fuzzed_rows(inputs["numbers"], rows, seed, missing=True),
        "codes": np.column_stack([rng.choice([UNSEEN_CODE, MISSING_CODE, *range(n)], rows) for n in (len(CITIES), 2)]),
        "times": np.where(rng.random((rows, 1)) < 0.5, rng.choice(stamps, (rows, 1)), usual),
        "words": np.where(rng.random((rows, 8)) < 0.3, rng.integers(NO_WORD, 2**31, (rows, 8)), notes(rng, rows)),
    }


def target(signal: NDArray[np.float64], task: ModelTask) -> tuple[NDArray[Any], int]:
    """The signal as classes or as values, and the number of classes."""
    if task == "regression":
        return signal * 1000 + 5000, 0
    classes = 2 if task == "binary" else 4
    edges = np.quantile(signal, np.arange(1, classes) / classes)
    return np.searchsorted(edges, signal).astype(np.int64), classes


def chain(step: str, view: View) -> tuple[str, ...]:
    """The step, followed by what turns its codes into numbers where it gives codes."""
    return (step,) if STEPS.fact(step, "GIVES") == "number" else (step, ENDS[view])


def combination(name: str, step: str, task: ModelTask, rows: int) -> Outcome:
    """Fit, write and compare one combination."""
    started = time.perf_counter()
    estimator = ESTIMATORS.load(name)
    inputs, signal = table(600)
    y, classes = target(signal, task)
    signature = Signature(
        features=FEATURES, target="price", task=task, classes=tuple(f"class {n}" for n in range(classes))
    )
    takes = STEPS.fact(step, "TAKES")
    joins = STEPS.fact(step, "PAIRS") is True
    chosen = {} if joins else {column: chain(step, estimator.VIEW) for column in COLUMNS[takes]}
    pairs = [Pair(step, *two) for two in itertools.pairwise(COLUMNS[takes])] if joins else []
    recipe, x = recipes.learn(inputs, signature, estimator.VIEW, y, chosen, pairs=pairs)
    fitted = estimator.fit(Lesson(x, y, task, classes, recipes.categorical(recipe), seed=1), defaults(estimator.SPACE))
    session = Session(assemble(signature, [Part(Learnt(estimator, fitted, False), recipe)], {}))
    odd = fuzzed(inputs, rows, 13)
    asked = {t: np.concatenate([inputs[t], odd[t]]) for t in inputs}
    expected = estimator.predict(fitted, recipes.features(recipe, signature, asked))
    answer = session.run(asked)
    parity = compare(expected, answer["prediction" if task == "regression" else "scores"], task)
    labels = 0 if task == "regression" else int((answer["label"] != expected.argmax(axis=1)).sum())
    return Outcome(
        name, step, task, parity.rows, max(labels, parity.labels), parity.largest, time.perf_counter() - started
    )


def combinations(
    estimators: Sequence[str] = (), steps: Sequence[str] = (), rows: int = 400, tasks: Sequence[str] = ()
) -> Iterator[Outcome]:
    """All combinations of the named estimators, steps and tasks; of all of them where none are named."""
    for name in estimators or ESTIMATORS.names():
        for step in steps or STEPS.names():
            for task in ESTIMATORS.load(name).TASKS:
                if not tasks or task in tasks:
                    yield combination(name, step, task, rows)


def totals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Sums over all combinations, and the verdict."""
    labels = sum(o.label_differences for o in outcomes)
    largest = max((o.largest_difference for o in outcomes), default=0.0)
    return {
        "combinations": len(outcomes),
        "rows": sum(o.rows for o in outcomes),
        "label_differences": labels,
        "largest_difference": largest,
        "tolerance": TOLERANCE,
        "passed": bool(outcomes) and labels == 0 and largest <= TOLERANCE,
    }


def print_table(outcomes: Sequence[Outcome]) -> None:
    """One line for an estimator and step: all tasks together."""
    print(f"{'estimator':20} {'step':20} {'tasks':>5} {'rows':>7} {'labels':>6} {'largest':>9}")
    for name, step in dict.fromkeys((o.estimator, o.step) for o in outcomes):
        same = [o for o in outcomes if (o.estimator, o.step) == (name, step)]
        labels, rows = sum(o.label_differences for o in same), sum(o.rows for o in same)
        print(f"{name:20} {step:20} {len(same):5} {rows:7} {labels:6} {max(o.largest_difference for o in same):9.1e}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 0 when every answer agrees."""
    parser = argparse.ArgumentParser(description="parity of Python and ONNX over every estimator x step")
    parser.add_argument("--rows", type=int, default=400, help="fuzzed rows for each combination")
    parser.add_argument("--estimator", action="append", default=[], help="only this estimator (repeatable)")
    parser.add_argument("--step", action="append", default=[], help="only this step (repeatable)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    asked = parser.parse_args(arguments)
    outcomes = []
    for outcome in combinations(asked.estimator, asked.step, asked.rows):
        outcomes.append(outcome)
        print(f"\r{len(outcomes)} {outcome.estimator} {outcome.step}".ljust(60), end="", file=sys.stderr)
    print("\r".ljust(62), end="\r", file=sys.stderr)
    summary = totals(outcomes)
    if asked.json:
        print(json.dumps({**summary, "outcomes": to_builtins(outcomes)}, indent=2))
    else:
        print_table(outcomes)
        print("\n" + "\n".join(f"{key.replace('_', ' '):20} {value}" for key, value in summary.items()))
    return 0 if summary["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
