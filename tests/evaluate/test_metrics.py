"""The metrics against scikit-learn and against their definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as oracle

from volvelle.catalog import METRICS

Oracle = Callable[[NDArray[Any], NDArray[Any]], float]


def averaged(function: Callable[..., float]) -> Oracle:
    """scikit-learn's binary score for two classes, its macro average for more."""

    def call(y: NDArray[Any], p: NDArray[Any]) -> float:
        average = "binary" if max(y.max(), p.max()) < 2 else "macro"
        return float(function(y, p, average=average, zero_division=0))

    return call


def one_against_rest(function: Callable[..., float]) -> Oracle:
    """scikit-learn's score of each class that occurs against the rest, averaged."""

    def call(y: NDArray[Any], p: NDArray[Any]) -> float:
        if p.shape[1] == 2:
            return float(function(y == 1, p[:, 1]))
        return float(np.mean([function(y == c, p[:, c]) for c in np.unique(y)]))

    return call


def brier(y: NDArray[Any], p: NDArray[Any]) -> float:
    """scikit-learn's Brier score: halved for two classes, Brier's own sum for more."""
    two = p.shape[1] == 2
    return float(oracle.brier_score_loss(y, p, labels=range(p.shape[1]), scale_by_half=two))


LABELS: dict[str, Oracle] = {
    "accuracy": oracle.accuracy_score,
    "balanced_accuracy": lambda y, p: float(np.mean([np.mean(p[y == c] == c) for c in np.unique(y)])),
    "precision": averaged(oracle.precision_score),
    "recall": averaged(oracle.recall_score),
    "f1": averaged(oracle.f1_score),
    "mcc": oracle.matthews_corrcoef,
}
SCORES: dict[str, Oracle] = {
    "roc_auc": one_against_rest(oracle.roc_auc_score),
    "pr_auc": one_against_rest(oracle.average_precision_score),
    "log_loss": lambda y, p: float(oracle.log_loss(y, p, labels=range(p.shape[1]))),
    "brier": brier,
}
VALUES: dict[str, Oracle] = {
    "rmse": oracle.root_mean_squared_error,
    "mae": oracle.mean_absolute_error,
    "r2": oracle.r2_score,
}


def score(name: str, y: NDArray[Any], p: NDArray[Any]) -> float:
    """One of our metrics."""
    return float(METRICS.load(name).score(y, p))


def drawn(classes: int, seed: int, rows: int = 300) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Truth, labels and scores with many ties."""
    rng = np.random.default_rng(seed)
    y = np.append(rng.choice(classes, rows - classes, p=rng.dirichlet(np.ones(classes))), np.arange(classes))
    raw = np.round(rng.dirichlet(np.ones(classes), rows) + 0.3 * np.eye(classes)[y], 1) + 0.01
    scores = raw / raw.sum(axis=1, keepdims=True)
    return y, scores.argmax(axis=1), scores


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("name", sorted({**LABELS, **SCORES}))
def test_classification_equals_scikit_learn(name: str, classes: int) -> None:
    """Binary and multiclass values equal scikit-learn's on data with ties and rare classes."""
    for seed in range(20):
        y, labels, scores = drawn(classes, seed)
        p = labels if name in LABELS else scores
        if name == "recall" and classes > 2 and set(labels) - set(y):
            continue
        expected = {**LABELS, **SCORES}[name](y, p)
        assert score(name, y, p) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", sorted(VALUES))
def test_regression_equals_scikit_learn(name: str) -> None:
    """Values equal scikit-learn's, far from zero too."""
    rng = np.random.default_rng(0)
    for offset in (0.0, 1e6):
        y = rng.normal(offset, 3.0, 500)
        p = y + rng.normal(0.0, 1.0, 500)
        assert score(name, y, p) == pytest.approx(VALUES[name](y, p), rel=1e-9)


@pytest.mark.parametrize("name", ["log_loss", "brier", "pr_auc"])
def test_hard_scores_equal_scikit_learn(name: str) -> None:
    """Probabilities of exactly 0 and 1, wrong ones among them, are scored as scikit-learn scores them."""
    y, p = np.array([0, 1, 1, 0, 1]), np.eye(2)[[0, 1, 0, 1, 1]]
    assert score(name, y, p) == pytest.approx(SCORES[name](y, p), rel=1e-9)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=30))
def test_auc_is_the_share_of_ordered_pairs(rows: list[tuple[int, int]]) -> None:
    """ROC-AUC equals counting every pair of a positive and a negative row, a tie as one half."""
    y, s = (np.asarray(column) for column in zip(*rows, strict=True))
    up, down = s[y == 1], s[y == 0]
    found = score("roc_auc", y, np.column_stack([1 - s / 4, s / 4]))
    if not len(up) or not len(down):
        assert np.isnan(found)
        return
    order = np.sign(up[:, None] - down[None, :])
    assert found == pytest.approx(float((order + 1).mean() / 2), abs=1e-12)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_binary_metrics_agree_with_each_other(rows: list[tuple[int, int]]) -> None:
    """F1 is the harmonic mean of precision and recall; balanced accuracy the mean of both recalls."""
    y, p = (np.asarray(column) for column in zip(*rows, strict=True))
    precision, recall, specificity = (score(n, y, p) for n in ("precision", "recall", "specificity"))
    if precision > 0 and recall > 0:
        assert score("f1", y, p) == pytest.approx(2 / (1 / precision + 1 / recall))
    if not np.isnan(recall) and not np.isnan(specificity):
        assert score("balanced_accuracy", y, p) == pytest.approx((recall + specificity) / 2)
    assert specificity == pytest.approx(score("recall", 1 - y, 1 - p), nan_ok=True)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_label_metrics_know_no_class_names(seed: int, classes: int) -> None:
    """Swapping the names of more than two classes changes no average over classes."""
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, classes, 30), rng.integers(0, classes, 30)
    names = rng.permutation(classes) + 2
    for metric in ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc"):
        plain = score(metric, y + 2, p + 2)
        assert score(metric, names[y], names[p]) == pytest.approx(plain, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "y", "p", "expected"),
    [
        ("precision", [0, 1], [0, 0], np.nan),
        ("recall", [0, 0], [0, 1], np.nan),
        ("specificity", [1, 1], [0, 1], np.nan),
        ("f1", [0, 0], [0, 0], np.nan),
        ("f1", [0, 1], [0, 0], 0.0),
        ("mcc", [1, 1], [0, 1], np.nan),
        ("mcc", [0, 1], [1, 1], 0.0),
        ("balanced_accuracy", [1, 1], [0, 1], 0.5),
        ("precision", [0, 1, 2], [0, 0, 0], 1 / 9),
    ],
)
def test_degenerate_labels(name: str, y: list[int], p: list[int], expected: float) -> None:
    """Where a denominator is 0 the answer is the one that the file documents."""
    assert score(name, np.asarray(y), np.asarray(p)) == pytest.approx(expected, nan_ok=True)


def test_degenerate_scores_and_values() -> None:
    """One class has no AUC, constant truth no R2, and a score that is NaN no AUC."""
    one = np.column_stack([np.ones(3) * 0.4, np.ones(3) * 0.6])
    assert np.isnan(score("roc_auc", np.ones(3, dtype=int), one))
    assert score("pr_auc", np.ones(3, dtype=int), one) == 1.0
    assert np.isnan(score("pr_auc", np.zeros(3, dtype=int), one))
    assert np.isnan(score("r2", np.ones(3), np.arange(3.0)))
    assert np.isnan(score("roc_auc", np.array([0, 1, 1]), one * np.nan))


def test_an_absent_class_is_left_out_of_a_macro_auc() -> None:
    """A slice that lacks one of three classes is scored on the two that it has."""
    y = np.array([0, 0, 1, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]])
    assert score("roc_auc", y, p) == pytest.approx((0.75 + 0.75) / 2)


def test_two_classes_of_three_are_not_a_binary_task() -> None:
    """`of_counts` averages over classes when told that there are three, even where two occur."""
    y, p = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    counts = np.zeros((3, 3), dtype=np.int64)
    np.add.at(counts, (y, p), 1)
    assert float(METRICS.load("recall").of_counts(counts)) == 0.75
    assert float(METRICS.load("recall").of_counts(counts[:2, :2])) == 0.5
