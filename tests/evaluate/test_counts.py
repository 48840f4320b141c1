"""Counts of rows by class, and the averages over them."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import confusion_matrix

from volvelle.evaluate.counts import confusion, hits, macro, ratio


def test_counts_equal_scikit_learn() -> None:
    """The table is scikit-learn's confusion matrix, with a row and a column for classes that do not occur."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    assert np.array_equal(confusion(y, p, 5), confusion_matrix(y, p, labels=range(5)))
    assert np.array_equal(confusion(y, p), confusion_matrix(y, p))


def test_nothing_is_a_table_of_zeros() -> None:
    """No rows make a table of two empty classes."""
    empty = np.empty(0, dtype=np.int64)
    assert confusion(empty, empty).tolist() == [[0, 0], [0, 0]]


def test_stacks_of_tables() -> None:
    """Ratios, diagonals and averages work along the last axes; 0 / 0 is NaN and what is absent is left out."""
    tables = np.array([[[1, 1], [0, 2]], [[0, 0], [0, 3]]])
    true = tables.sum(axis=-1)
    recalls = ratio(hits(tables), true)
    assert np.array_equal(recalls, [[0.5, 1.0], [np.nan, 1.0]], equal_nan=True)
    assert macro(recalls, true > 0).tolist() == [0.75, 1.0]
    assert np.isnan(macro(recalls, true > 9)).all()
