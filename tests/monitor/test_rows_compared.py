"""Rows against rows: what each test is given of a column, and how often nothing is called drift."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from volvelle.catalog import DRIFT
from volvelle.errors import NotFound
from volvelle.model.signature import Feature
from volvelle.monitor.compare import TESTS, compare
from volvelle.monitor.contract import Found

NUMBER = Feature(name="x", kind="number", low=-2.0, high=2.0)
NAMED = Feature(name="c", kind="category", categories=tuple("abcdefgh"))
WHEN = Feature(name="when", kind="time")


def table(rows: int, seed: int, shift: float = 0.0) -> pl.DataFrame:
    """A number with missing cells, a category and a time."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1.0, rows)
    x[rng.random(rows) < 0.1] = np.nan
    seconds = pl.Series(rng.integers(0, 10**9, rows) * 10**6).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame({"x": x, "c": rng.choice(list("abcdefgh"), rows), "when": seconds}).fill_nan(None)


def test_chances_are_those_of_the_libraries() -> None:
    """Kolmogorov and Smirnov's chance of the values that are there is near SciPy's."""
    before, now = table(300, 1), table(200, 2, shift=0.3)
    [found] = compare(before, now, (NUMBER,), ("kolmogorov_smirnov",))
    known = [frame["x"].drop_nulls().to_numpy().astype(np.float32) for frame in (before, now)]
    assert found.found.statistic == pytest.approx(stats.ks_2samp(*known).statistic)
    assert found.p == pytest.approx(stats.ks_2samp(*known, method="asymp").pvalue, rel=0.4)


@pytest.mark.parametrize("name", DRIFT.names())
def test_every_drift_test_can_be_asked(name: str) -> None:
    """Each of the catalog is given what it takes by some column, or all of them, and says something finite."""
    found = compare(table(400, 3), table(300, 4), (NUMBER, NAMED, WHEN), (name,))
    assert found
    for one in found:
        assert isinstance(one.found, Found)
        assert np.isfinite(one.found.effect)
        assert one.feature in ("", "x", "c", "when")


def test_a_name_that_is_none_is_refused() -> None:
    """An unknown test is refused, and near names are offered."""
    with pytest.raises(NotFound, match="kolmogorov_smirnow") as refused:
        compare(table(30, 1), table(30, 2), (NUMBER,), ("kolmogorov_smirnow",))
    assert "kolmogorov_smirnov" in str(refused.value)


def test_all_columns_together_see_what_single_columns_do_not() -> None:
    """Two columns whose order was mixed up have the same shares each; the classifier tells the tables apart."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=2000)
    before = pl.DataFrame({"x": x, "y": x**2})
    now = pl.DataFrame({"x": x, "y": rng.permutation(x**2)})
    features = (Feature(name="x", kind="number"), Feature(name="y", kind="number"))
    found = {(c.feature, c.test): c for c in compare(before, now, features, (*TESTS, "classifier"))}
    assert all((c.p or 0.0) > 0.5 for (feature, _), c in found.items() if feature)
    assert (found["", "classifier"].p or 1.0) < 1e-6


def test_rare_categories_of_equal_tables_are_no_drift() -> None:
    """Tables of one source whose categories are nearly all rare call in about one of twenty draws, not in each."""
    called = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        names = tuple(f"n{k}" for k in range(400))
        before, now = (pl.DataFrame({"c": rng.choice(names, 500)}) for _ in range(2))
        feature = Feature(name="c", kind="category", categories=names)
        called += any((c.p or 1.0) <= 0.05 for c in compare(before, now, (feature,)))
    assert called <= 9


def test_a_new_category_is_drift() -> None:
    """A category that a tenth of the rows of now name, and none before, is outside of what was seen."""
    before = pl.DataFrame({"c": ["a", "b"] * 200})
    now = pl.DataFrame({"c": ["a", "b"] * 180 + ["z"] * 40})
    feature = Feature(name="c", kind="category", categories=("a", "b", "z"))
    found = {c.test: c for c in compare(before, now, (feature,))}
    assert (found["out_of_range"].p or 1.0) < 1e-6
    assert found["out_of_range"].found.effect > 0.05
