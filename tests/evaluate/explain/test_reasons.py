"""Which rows of the test side are taken apart: by how far off their answers are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.reasons import off, telling

NOTHING = np.zeros(0, dtype=np.int64)


def test_values_are_off_by_their_error() -> None:
    """Of numbers it is the size of the error, on either side."""
    side = Side(y=np.array([1.0, 2.0, 3.0]), labels=NOTHING, scores=np.array([[1.5], [2.0], [0.0]]))
    assert off(side).tolist() == [0.5, 0.0, 3.0]


def test_classes_are_off_by_what_the_true_one_lacks() -> None:
    """Of classes it is what the true class lacks of certainty, whatever the label says."""
    scores = np.array([[0.25, 0.75], [0.25, 0.75], [1.0, 0.0]])
    side = Side(y=np.array([1, 0, 0]), labels=np.array([1, 1, 0]), scores=scores)
    assert off(side).tolist() == [0.25, 0.75, 0.0]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_the_rows_are_the_ends_and_the_middle(far: list[float]) -> None:
    """No row is told twice; the furthest comes first, the typical one is the lower median."""
    found = telling(np.array(far))
    assert len(set(found.values())) == len(found) == min(3, len(far))
    assert next(iter(found)) == "furthest off"
    assert far[found["furthest off"]] == max(far)
    if "closest" in found:
        assert far[found["closest"]] == min(far)
    if "typical" in found:
        assert far[found["typical"]] == sorted(far)[(len(far) - 1) // 2]
