"""Why this prediction: parts that add up, and are the Shapley values of the columns."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from explain_models import averaged, calibrated, shipped, table, truth  # type: ignore[import-not-found]

from volvelle.evaluate.explain.attribution import attribute
from volvelle.evaluate.explain.records import Attribution
from volvelle.evaluate.explain.shipped import Inputs, Shipped, chosen, replaced
from volvelle.model.signature import ModelTask

MODELS: list[tuple[str, ModelTask, str]] = [
    ("linear", "regression", "additive"),
    ("logistic", "binary", "additive"),
    ("logistic", "multiclass", "additive"),
    ("naive_bayes", "binary", "additive"),
    ("constant", "binary", "additive"),
    ("decision_tree", "binary", "trees"),
    ("decision_tree", "regression", "trees"),
    ("random_forest", "multiclass", "trees"),
    ("extra_trees", "regression", "trees"),
    ("lightgbm", "binary", "trees"),
    ("lightgbm", "multiclass", "trees"),
    ("lightgbm", "regression", "trees"),
    ("mlp", "binary", "sampled"),
    ("nearest_neighbours", "regression", "sampled"),
]


def by_subsets(model: Shipped, row: Inputs, background: Inputs, found: Attribution) -> dict[str, float]:
    """Shapley values by their definition: every subset of the columns."""
    places, k = model.places(), model.names.index(found.of) if found.of else 0

    def worth(columns: tuple[int, ...]) -> float:
        mixed = background
        for column in columns:
            place = places[column]
            mixed = replaced(mixed, place, row[place.tensor][0, place.at])
        scores = model.answers(mixed)[1]
        if found.unit != "log-odds":
            return float(scores[:, k].mean())
        logs = np.log(scores)
        return float((logs[:, k] - np.delete(logs, k, axis=1).mean(axis=1)).mean())

    n = len(places)
    values = {}
    for j, place in enumerate(places):
        others = [i for i in range(n) if i != j]
        values[place.feature.name] = sum(
            factorial(size) * factorial(n - size - 1) / factorial(n) * (worth((*subset, j)) - worth(subset))
            for size in range(n)
            for subset in combinations(others, size)
        )
    return values


@pytest.mark.parametrize(("estimator", "task", "method"), MODELS)
def test_parts_are_shapley_values_and_add_up(estimator: str, task: ModelTask, method: str) -> None:
    """Base and parts add up to the answer of every kind of model; exact parts equal the definition over subsets."""
    frame = table(300)
    model = shipped(estimator, task, frame, truth(frame, task))
    inputs = model.encode(frame)
    background = chosen(inputs, slice(0, 25))
    for at in (40, 41, 42):
        row = chosen(inputs, slice(at, at + 1))
        found = attribute(model, row, background)
        assert found.method == method
        size = max(1.0, abs(found.answer))
        assert found.base + sum(p.amount for p in found.parts) == pytest.approx(found.answer, abs=1e-3 * size)
        assert abs(found.remainder) < 1e-3 * size
        exact = by_subsets(model, row, background, found)
        for part in found.parts:
            near = 0.08 if method == "sampled" else 2e-3 * size
            assert part.amount == pytest.approx(exact[part.column], abs=near), part.column
            assert (part.low is None) == (method != "sampled")


def test_sampled_intervals_hold_the_truth() -> None:
    """Most of the intervals of sampled parts hold the value by definition."""
    frame = table(300)
    model = shipped("mlp", "binary", frame, truth(frame, "binary"))
    inputs = model.encode(frame)
    background = chosen(inputs, slice(0, 25))
    held = []
    for at in range(50, 60):
        row = chosen(inputs, slice(at, at + 1))
        found = attribute(model, row, background)
        exact = by_subsets(model, row, background, found)
        held += [(p.low or 0.0) - 1e-6 <= exact[p.column] <= (p.high or 0.0) + 1e-6 for p in found.parts]
    assert np.mean(held) > 0.8


def test_cells_are_shown_as_people_write_them() -> None:
    """Numbers, categories and missing cells stand beside their parts as in the table."""
    frame = table(300)
    model = shipped("logistic", "binary", frame, truth(frame, "binary"))
    inputs = model.encode(frame)
    at = int(np.flatnonzero(frame["second"].is_null().to_numpy())[0])
    cells = {p.column: p.cell for p in attribute(model, chosen(inputs, slice(at, at + 1)), inputs).parts}
    assert cells["second"] == "missing"
    assert cells["kind"] == frame["kind"][at]
    assert float(cells["first"]) == pytest.approx(frame["first"][at], rel=1e-4)


MEANS: list[tuple[tuple[str, ...], ModelTask, str, str]] = [
    (("linear", "lightgbm"), "regression", "members", "value"),
    (("extra_trees", "linear", "decision_tree"), "regression", "members", "value"),
    (("random_forest", "extra_trees"), "binary", "members", "probability"),
    (("random_forest", "decision_tree"), "multiclass", "members", "probability"),
    (("lightgbm", "random_forest"), "binary", "sampled", "probability"),
    (("logistic", "random_forest"), "binary", "sampled", "probability"),
]


@pytest.mark.parametrize(("estimators", "task", "method", "unit"), MEANS)
def test_means_are_exact_where_their_members_are(
    estimators: tuple[str, ...], task: ModelTask, method: str, unit: str
) -> None:
    """Members that are exact in the averaged unit give Shapley values by definition; other means are sampled."""
    frame = table(300)
    model = averaged(task, frame, truth(frame, task), *estimators)
    inputs = model.encode(frame)
    row, background = chosen(inputs, slice(40, 41)), chosen(inputs, slice(0, 25))
    found = attribute(model, row, background)
    assert (found.method, found.unit) == (method, unit)
    size = max(1.0, abs(found.answer))
    assert abs(found.remainder) < 1e-3 * size
    exact = by_subsets(model, row, background, found)
    for part in found.parts:
        assert part.amount == pytest.approx(exact[part.column], abs=0.08 if method == "sampled" else 2e-3 * size)


PLATT = ("platt", {"slope": 0.7, "intercept": -0.2, "floor": 1e-7})
COOL = ("temperature", {"temperature": 1.4, "floor": 1e-7})
STAIR = ("isotonic", {"above": [0.3, 0.6], "steps": [0.1, 0.5, 0.9]})
BEHIND: list[tuple[tuple[str, dict[str, Any]], ModelTask, tuple[str, ...], str, str]] = [
    (PLATT, "binary", ("logistic",), "additive", "log-odds"),
    (PLATT, "binary", ("lightgbm",), "trees", "log-odds"),
    (COOL, "multiclass", ("lightgbm",), "trees", "log-odds"),
    (STAIR, "binary", ("lightgbm",), "trees", "log-odds before calibration"),
    (PLATT, "binary", ("random_forest",), "trees", "probability before calibration"),
    (PLATT, "binary", ("random_forest", "extra_trees"), "members", "probability before calibration"),
    (PLATT, "binary", ("mlp",), "sampled", "probability"),
]


@pytest.mark.parametrize(("calibration", "task", "estimators", "method", "unit"), BEHIND)
def test_calibrated_scores_are_taken_apart(
    calibration: tuple[str, dict[str, Any]], task: ModelTask, estimators: tuple[str, ...], method: str, unit: str
) -> None:
    """Exact behind a calibration that is a line in log-odds, else exact before it, and said; all parts add up."""
    frame = table(300)
    model = calibrated(*calibration, task, frame, truth(frame, task), *estimators)
    inputs = model.encode(frame)
    found = attribute(model, chosen(inputs, slice(40, 41)), chosen(inputs, slice(0, 25)))
    assert (found.method, found.unit) == (method, unit)
    assert abs(found.remainder) < 2e-3 * max(1.0, abs(found.answer))
