"""The power step against SciPy's Yeo-Johnson."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from volvelle.prepare.steps import power


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30), st.integers(-32, 64))
def test_transform_equals_scipy(run_step: Any, values: list[float], sixteenths: int) -> None:
    """For any exponent on the grid, zero and two included, the graph computes Yeo and Johnson's equation 2.1."""
    exponent = sixteenths / 16
    params = {"centre": [0.0], "spread": [1.0], "exponent": [exponent]}
    column = np.array(values, dtype=np.float32)
    found = run_step("power", column[:, None], params)[:, 0]
    expected = stats.yeojohnson(column.astype(np.float64), lmbda=exponent)
    assert found == pytest.approx(expected, rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("seed", range(4))
def test_exponent_is_the_most_likely(seed: int) -> None:
    """The fitted exponent is SciPy's maximum of the likelihood, to the grid."""
    rng = np.random.default_rng(seed)
    column = rng.gamma(1.0 + seed, size=2000) * (-1) ** seed
    params = power.fit(column[:, None].astype(np.float32))
    settled = (column - params["centre"][0]) / params["spread"][0]
    assert abs(params["exponent"][0] - stats.yeojohnson_normmax(settled)) <= 1 / 16


@settings(max_examples=30, deadline=None)
@given(st.integers(-40, 40), st.integers(0, 2**32 - 1))
def test_unit_of_a_column_does_not_matter(run_step: Any, exponent: int, seed: int) -> None:
    """A column in other units (a factor of a power of two, exact in float32) gives the same features."""
    column = np.random.default_rng(seed).lognormal(size=(200, 1)).astype(np.float32)
    other = (column * np.float32(2.0**exponent)).astype(np.float32)
    assert np.array_equal(run_step("power", column), run_step("power", other))


def test_skew_goes(run_step: Any) -> None:
    """A lognormal column of skewness above 3 comes out with less than 0.4, tiny and offset columns too."""
    column = np.random.default_rng(0).lognormal(size=(5000, 1))
    for given_column in (column, 1e-9 * column, 1000 + column):
        bent = run_step("power", given_column.astype(np.float32))
        assert stats.skew(given_column[:, 0]) > 3
        assert abs(stats.skew(bent[:, 0])) < 0.4


def test_order_is_kept(run_step: Any) -> None:
    """The transform never swaps two values."""
    rows = np.sort(np.random.default_rng(1).normal(size=(500, 1)), axis=0).astype(np.float32)
    for exponent in np.arange(-2, 4.1, 0.5):
        params = {"centre": [0.0], "spread": [1.0], "exponent": [float(exponent)]}
        assert (np.diff(run_step("power", rows, params)[:, 0]) >= 0).all()
