"""Labels that are worth a second look, on real digits with labels that the test has changed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from volvelle.evaluate.explain.labels import labels, told

CLASSES = tuple(map(str, range(10)))


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pixels and labels."""
    pixels, y = load_digits(return_X_y=True)
    return pixels / 16, y.astype(np.int64)


def out_of_fold(x: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities for rows that were not learnt from."""
    return np.asarray(cross_val_predict(LogisticRegression(C=0.1, max_iter=300), x, y, method="predict_proba"))


def test_changed_labels_are_found(digits: tuple[NDArray[np.float64], NDArray[np.int64]]) -> None:
    """Of thirty labels changed by hand, all ten rows that are shown are among them, and most come with the true one."""
    x, y = digits
    changed = np.random.default_rng(7).choice(len(y), 30, replace=False)
    wrong = y.copy()
    wrong[changed] = (y[changed] + 3) % 10
    found = labels(out_of_fold(x, wrong), wrong, CLASSES, np.arange(len(y)))
    finding = told(found)
    assert finding is not None
    assert finding.headline == f"{found.rows} labels are worth a second look"
    assert {s.row - 1 for s in found.suspects} <= set(changed.tolist())
    assert [s.likely for s in found.suspects] == [CLASSES[y[s.row - 1]] for s in found.suspects]


def test_labels_without_a_pattern_are_no_suspects(digits: tuple[NDArray[np.float64], NDArray[np.int64]]) -> None:
    """Where nothing can be learnt, nothing is held against a label."""
    x, y = digits
    shuffled = np.random.default_rng(7).permutation(y)
    assert told(labels(out_of_fold(x, shuffled), shuffled, CLASSES, np.arange(len(y)))) is None


def test_what_is_promised_comes_true() -> None:
    """Labels drawn from the stated probabilities hold as many surprises as were promised."""
    random = np.random.default_rng(3)
    chance = random.beta(0.3, 3, 40_000)
    y = (random.random(40_000) < chance).astype(np.int64)
    found = labels(np.stack([1 - chance, chance], axis=1), y, ("no", "yes"), np.arange(40_000))
    assert abs(found.rows - found.promised) < 4 * found.promised**0.5


def test_rows_are_numbered_as_in_the_data() -> None:
    """The number that is told is the place in the data, counted from one."""
    scores = np.array([[0.99, 0.01]] * 20)
    found = labels(scores, np.array([0] * 19 + [1]), ("no", "yes"), np.arange(20) * 5)
    assert [s.row for s in found.suspects] == [96]
