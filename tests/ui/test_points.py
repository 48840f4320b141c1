"""What is drawn agrees with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from volvelle.ui import points


@pytest.fixture
def ranked() -> tuple[np.ndarray, np.ndarray]:
    """Truth and scores with many ties."""
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 400)
    return y, np.round(np.clip(rng.normal(0.4 + 0.2 * y, 0.25), 0, 1), 2)


def test_area_under_roc(ranked: tuple[np.ndarray, np.ndarray]) -> None:
    """The drawn ROC curve encloses the area that scikit-learn computes, ties and thinning included."""
    line = np.array(points.roc(*ranked))
    assert np.trapezoid(line[:, 1], line[:, 0]) == pytest.approx(metrics.roc_auc_score(*ranked), abs=2e-3)
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [1, 1]
    assert (np.diff(line, axis=0) >= 0).all()


def test_area_under_precision_recall(ranked: tuple[np.ndarray, np.ndarray]) -> None:
    """The drawn stair encloses average precision."""
    line = np.array(points.precision_recall(*ranked))
    assert np.trapezoid(line[:, 1], line[:, 0]) == pytest.approx(metrics.average_precision_score(*ranked), abs=5e-3)
    assert len(line) <= points.MOST_POINTS


@pytest.mark.parametrize("y", [[], [0, 0], [1, 1]])
def test_curves_need_both_classes(y: list[int]) -> None:
    """Where a class is absent no ROC curve is drawn."""
    assert points.roc(np.array(y), np.linspace(0, 1, len(y))) == []


def test_class_rows_agree() -> None:
    """Precision, recall and F1 by class are scikit-learn's."""
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    table = tuple(tuple(int(c) for c in row) for row in metrics.confusion_matrix(y, p))
    expected = np.array(metrics.precision_recall_fscore_support(y, p)).T
    rows = points.class_rows(table, ("a", "b", "c", "d"))
    found = np.array([(r.precision, r.recall, r.f1, r.rows) for r in rows], dtype=float)
    assert np.allclose(found, expected)


def test_class_never_predicted() -> None:
    """A class without predictions has no precision, and one without rows no recall."""
    first, second = points.class_rows(((0, 3), (0, 0)), ("a", "b"))
    assert (first.precision, first.recall) == (None, 0.0)
    assert (second.precision, second.recall) == (0.0, None)


def test_many_classes_are_merged() -> None:
    """A large confusion table keeps its most frequent classes and loses no row."""
    rng = np.random.default_rng(2)
    table = tuple(tuple(int(c) for c in row) for row in rng.integers(0, 9, (40, 40)))
    counts, names = points.most_frequent(table, tuple(f"c{k}" for k in range(40)), 15)
    assert len(names) == len(counts) == 15
    assert names[-1] == "26 others"
    assert sum(map(sum, counts)) == sum(map(sum, table))


def test_grid_counts_every_row() -> None:
    """The grid of predicted against true value holds every finite row; exact predictions lie on its diagonal."""
    values = np.linspace(-3, 8, 500)
    cells = points.grid(np.append(values, np.nan), np.append(values, 1.0))
    assert cells is not None
    counts = np.array(cells.counts)
    assert counts.sum() == np.trace(counts) == 500
    assert points.grid(np.array([np.nan]), np.array([1.0])) is None


def test_residuals_keep_outliers() -> None:
    """Errors beyond the frame are counted in the outer bins."""
    counts, reach = points.residuals(np.zeros(1000), np.append(np.linspace(-1, 1, 999), 1e6))
    assert sum(counts) == 1000
    assert reach < 1.01
