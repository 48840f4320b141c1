"""Steps over numbers: what each one does to rows that can be checked by hand or by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from volvelle.catalog import STEPS
from volvelle.prepare.arithmetic import BOUND

NAN = float("nan")
finite = arrays(
    np.float32, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(width=32, allow_nan=False)
)
SCALES = ("scale_standard", "scale_robust", "scale_minmax", "power")


def column(*values: float) -> Any:
    return np.array(values, dtype=np.float32)[:, None]


@pytest.mark.parametrize(
    ("step", "option", "expected"),
    [
        ("impute_median", {}, [1.0, 3.0, 9.0, 3.0, 3.0]),
        ("impute_mode", {}, [1.0, 3.0, 9.0, 3.0, 3.0]),
        ("impute_constant", {}, [1.0, 3.0, 9.0, 3.0, 0.0]),
        ("impute_constant", {"option": -7.5}, [1.0, 3.0, 9.0, 3.0, -7.5]),
        ("missing_indicator", {}, [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("scale_standard", {}, [-1.0, -1 / 3, 5 / 3, -1 / 3, NAN]),
        ("scale_minmax", {}, [0.0, 0.25, 1.0, 0.25, NAN]),
        ("scale_robust", {}, [-1.0, 0.0, 3.0, 0.0, NAN]),
        ("clip_outliers", {"option": 0.25}, [2.5, 3.0, 4.5, 3.0, NAN]),
        ("clip_fences", {"option": 0.5}, [1.5, 3.0, 5.5, 3.0, NAN]),
        ("log1p", {}, [np.log(2), np.log(4), np.log(10), np.log(4), NAN]),
    ],
)
def test_known_answers(run_step: Any, step: str, option: dict[str, float], expected: list[float]) -> None:
    """Each step gives the answer that can be worked out by hand."""
    if step == "scale_standard":
        expected = [float((v - 4.0) / 3.0) for v in (1, 3, 9, 3)] + [NAN]
    rows = column(1, 3, 9, 3, NAN)
    assert run_step(step, rows, **option)[:, 0] == pytest.approx(expected, rel=1e-6, nan_ok=True)


@settings(max_examples=200, deadline=None)
@given(finite, finite, st.sampled_from(SCALES))
def test_scaled_is_finite_for_any_finite_input(run_step: Any, learnt: Any, rows: Any, step: str) -> None:
    """Whatever float32 was learnt from and is asked for, infinities included in training, no answer is infinite."""
    width = min(learnt.shape[1], rows.shape[1])
    rows = np.where(np.isinf(rows), np.float32(3e38), rows)
    found = run_step(step, np.ascontiguousarray(rows[:, :width]), learnt=learnt[:, :width])
    assert np.isfinite(found).all()


def test_bound_is_where_it_is_documented(run_step: Any) -> None:
    """1e38 in a column of small numbers is clamped to a million spreads, with its sign."""
    learnt = column(0, 1, 2)
    assert run_step("scale_standard", column(1e38, -1e38), learnt=learnt)[:, 0].tolist() == [BOUND, -BOUND]


def test_scaled_training_rows_have_mean_zero_and_deviation_one(run_step: Any) -> None:
    """Standard scaling does what its name says on ten thousand rows, large offsets included."""
    rows = np.random.default_rng(0).normal([5, -3e4, 1e-6], [2, 7, 1e-8], size=(10_000, 3)).astype(np.float32)
    found = run_step("scale_standard", rows).astype(np.float64)
    assert found.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-3)
    assert found.std(axis=0) == pytest.approx([1, 1, 1], rel=1e-3)


@pytest.mark.parametrize("step", SCALES)
def test_constant_column_becomes_zero(run_step: Any, step: str) -> None:
    """A constant, even one whose float mean is inexact, is 0 after scaling and not 0/0."""
    rows = np.full((7, 1), 0.1, dtype=np.float32)
    assert run_step(step, rows)[:, 0].tolist() == [0.0] * 7


def test_clipped_training_rows_stay_in_the_quantiles(run_step: Any) -> None:
    """Nothing lies beyond the quantiles afterwards, and what lay inside is untouched."""
    rows = np.random.default_rng(2).standard_cauchy((2000, 1)).astype(np.float32)
    low, high = np.quantile(rows, [0.05, 0.95])
    found = run_step("clip_outliers", rows, option=0.05)
    assert (found.min(), found.max()) == pytest.approx((low, high), rel=1e-6)
    inside = (rows > low) & (rows < high)
    assert np.array_equal(found[inside], rows[inside])


def test_indicator_names_only_columns_with_gaps() -> None:
    """A column without gaps in training has no indicator."""
    step = STEPS.load("missing_indicator")
    params = step.fit(np.array([[1, NAN, 3], [1, 2, NAN]], dtype=np.float32))
    assert step.names(("a", "b", "c"), params) == ("b is missing", "c is missing")


def test_robust_scale_falls_back_where_the_middle_is_one_value(run_step: Any) -> None:
    """Mostly zeros: the deviation takes the place of an interquartile range of 0."""
    rows = column(*[0.0] * 8, 10.0, 10.0)
    assert run_step("scale_robust", rows)[-1, 0] == pytest.approx(10 / rows.std())
