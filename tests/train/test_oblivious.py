"""CatBoost's oblivious trees, read and rounded."""

from __future__ import annotations

import subprocess
import sys

import catboost
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from volvelle.train.oblivious import model_trees, one_leaf, round_model
from volvelle.train.trees import LEAF, Tree, step_of


def grown(loss: str, depth: int, seed: int, **more: object) -> tuple[catboost.CatBoost, NDArray[np.float32]]:
    """A small model and the rows that it learnt, some cells NaN."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nan_to_num(x[:, 0]) * 2 + np.sign(np.nan_to_num(x[:, 1])) + 4
    target = y if loss == "RMSE" else np.searchsorted(np.quantile(y, [0.3, 0.6] if loss == "MultiClass" else [0.5]), y)
    asked = {"loss_function": loss, "iterations": 6, "depth": depth, "random_seed": seed, **more}
    model = catboost.CatBoost({**asked, "logging_level": "Silent", "allow_writing_files": False, "thread_count": 1})
    return model.fit(x, target), x


def walked(tree: Tree, row: NDArray[np.float32]) -> NDArray[np.float64]:
    """The leaf of a row, question by question."""
    node = 0
    while tree.feature[node] != LEAF:
        cell = row[tree.feature[node]]
        left = tree.missing_left[node] if np.isnan(cell) else cell <= tree.threshold[node]
        node = int(tree.left[node] if left else tree.right[node])
    return np.asarray(tree.value[node], dtype=np.float64)


@settings(max_examples=25, deadline=None)
@given(
    loss=st.sampled_from(["RMSE", "Logloss", "MultiClass"]),
    depth=st.integers(1, 5),
    seed=st.integers(0, 99),
    prior=st.booleans(),
)
def test_walked_trees_add_up_to_what_the_library_says(loss: str, depth: int, seed: int, prior: bool) -> None:
    """Trees of any depth, loss and bias, walked node by node, give CatBoost's own sums, NaN and infinity included."""
    more = {} if loss == "MultiClass" else {"boost_from_average": prior}
    model, x = grown(loss, depth, seed, **more)
    rows = np.concatenate([x[:20], np.array([[np.nan] * 3, [np.inf] * 3, [-np.inf] * 3], dtype=np.float32)])
    said = model.predict(rows, prediction_type="RawFormulaVal").reshape(len(rows), -1)
    trees = model_trees(model)
    ours = np.array([sum(walked(tree, row) for tree in trees) for row in rows])
    assert np.abs(ours - said).max() < 1e-9


@pytest.mark.parametrize("loss", ["RMSE", "Logloss", "MultiClass"])
def test_rounded_sums_are_exact(loss: str) -> None:
    """Behind the rounding float32 adds the leaves up to the library's own double, in any order, close to the old."""
    model, x = grown(loss, 4, 3)
    before = model.predict(x, prediction_type="RawFormulaVal").reshape(len(x), -1)
    round_model(model, 0.0)
    after = model.predict(x, prediction_type="RawFormulaVal").reshape(len(x), -1)
    assert np.abs(after - before).max() < 1e-5
    trees = model_trees(model)
    for order in (trees, trees[::-1]):
        total = np.zeros_like(after, dtype=np.float32)
        for tree in order:
            total += np.array([walked(tree, row) for row in x], dtype=np.float32)
        assert np.array_equal(total.astype(np.float64), after)


def test_bits_of_leaves() -> None:
    """Asked for leaves of 8 bits, the model has no leaf of more than 7 and a sign."""
    model, _ = grown("RMSE", 3, 1)
    round_model(model, 0.0, 8)
    values = np.asarray(model.get_leaf_values())
    units = values / step_of(float(np.abs(values).max()), 8)
    assert np.array_equal(units, np.rint(units))


def test_a_tree_that_asks_nothing() -> None:
    """One leaf adds its values to every row."""
    tree = one_leaf([1.5, -2.0], 1)
    assert walked(tree, np.zeros(1, dtype=np.float32)).tolist() == [1.5, -2.0]
    assert tree.targets == (1, 2)


def test_without_the_library_the_others_are_searched() -> None:
    """Without CatBoost a search goes on, and who names it is told what to install; without LightGBM nobody goes on."""
    code = """
import sys
sys.modules["catboost"] = None
from volvelle.flow.candidates import _fitting
from volvelle.errors import MissingExtra
print("lightgbm" in _fitting((), "binary"), "catboost" in _fitting((), "binary"))
try:
    _fitting(("catboost",), "binary")
except MissingExtra as error:
    print(error)
sys.modules["lightgbm"] = None
for name in [name for name in sys.modules if name.startswith("volvelle.train.estimators")]:
    del sys.modules[name]
try:
    _fitting((), "binary")
except MissingExtra as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("True False\n")
    assert "pip install 'volvelle[catboost]'" in said
    assert "needs lightgbm, which is not installed" in said
