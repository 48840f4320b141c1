"""Steps over category codes: one_hot, ordinal, ordinal_or_missing, rare_categories, impute_category."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from volvelle.prepare.steps import impute_category, one_hot, rare_categories

codes = arrays(np.int64, st.tuples(st.integers(1, 20), st.integers(1, 4)), elements=st.integers(-2, 6))


@settings(max_examples=150, deadline=None)
@given(codes, st.data())
def test_one_hot_marks_the_category_and_nothing_else(run_step: Any, learnt: Any, data: Any) -> None:
    """A row has a 1 exactly in the column named after its code, if training saw that code."""
    rows = data.draw(
        arrays(np.int64, st.tuples(st.integers(1, 8), st.just(learnt.shape[1])), elements=st.integers(-2, 9))
    )
    columns = tuple("abcd"[: learnt.shape[1]])
    params = one_hot.fit(learnt)
    names = one_hot.names(columns, params)
    found = run_step("one_hot", rows, params)
    assert found.shape == (len(rows), len(names))
    for row, answer in zip(rows.tolist(), found.tolist(), strict=True):
        wanted = {f"{c}={'missing' if code == -1 else code}" for c, code in zip(columns, row, strict=True)}
        assert {n for n, value in zip(names, answer, strict=True) if value == 1.0} == wanted & set(names)
        assert set(answer) <= {0.0, 1.0}
    seen = {(c, code) for c, column in zip(columns, learnt.T, strict=True) for code in column.tolist() if code >= -1}
    assert len(names) == len(seen)


def test_missing_has_a_column_only_where_training_had_it() -> None:
    """Unseen (-2) never gets a column; missing does where it was seen."""
    params = one_hot.fit(np.array([[0, 0], [-2, -1]]))
    assert one_hot.names(("a", "b"), params) == ("a=0", "b=0", "b=missing")


def test_ordinal_is_never_missing_and_its_sister_is(run_step: Any) -> None:
    """Missing and unseen become -1 in one step and NaN in the other; codes stay as they are."""
    rows = np.array([[-2], [-1], [0], [7]])
    assert run_step("ordinal", rows)[:, 0].tolist() == [-1.0, -1.0, 0.0, 7.0]
    found = run_step("ordinal_or_missing", rows)[:, 0]
    assert np.isnan(found).tolist() == [True, True, False, False]
    assert found[2:].tolist() == [0.0, 7.0]


@settings(max_examples=150, deadline=None)
@given(codes, st.floats(0, 1))
def test_rare_codes_become_one(run_step: Any, learnt: Any, share: float) -> None:
    """A code keeps itself if its share reaches the threshold, else all such codes get one new code; missing stays."""
    params = rare_categories.fit(learnt, option=share)
    found = run_step("rare_categories", learnt, params)
    for before, after, rare in zip(learnt.T, found.T, params["rare"], strict=True):
        for code, new in zip(before.tolist(), after.tolist(), strict=True):
            often = (before == code).sum() >= share * len(before)
            if code == -1:
                assert new == -1
            elif code == -2:
                assert new == rare
            else:
                assert new == (code if often else rare)
        assert rare == -2 or rare > before.max()


def test_a_share_of_exactly_the_threshold_is_not_rare() -> None:
    """Under the threshold is rare, on it is not; missing rows count among all rows."""
    learnt = np.array([[0], [1], [1], [-1]])
    assert rare_categories.fit(learnt, option=0.25)["kept"] == [[0, 1]]
    assert rare_categories.fit(learnt, option=0.26)["kept"] == [[1]]
    assert rare_categories.fit(learnt, option=0.51)["kept"] == [[]]


def test_codes_that_training_never_saw_count_as_rare(run_step: Any) -> None:
    """Known to the list but absent in training, unseen, or far outside: rare where there is rare, else unseen."""
    learnt = np.array([[0, 0]] * 9 + [[1, 0]])
    rows = np.array([[5, 5], [-2, -2], [2**40, 2**40], [0, 0], [1, 1], [-1, -1]])
    found = run_step("rare_categories", rows, learnt=learnt, option=0.2)
    assert found.tolist() == [[2, -2], [2, -2], [2, -2], [0, 0], [2, -2], [-1, -1]]


def test_impute_category_fills_with_the_most_frequent(run_step: Any) -> None:
    """Only missing codes change, ties go to the smallest code, and nothing to learn from changes nothing."""
    learnt = np.array([[3, 1, -1], [3, 0, -1], [0, -2, -2]])
    assert impute_category.fit(learnt) == {"fill": [3, 0, -1]}
    rows = np.array([[-1, -1, -1], [-2, 5, 0]])
    assert run_step("impute_category", rows, learnt=learnt).tolist() == [[3, 0, -1], [-2, 5, 0]]
