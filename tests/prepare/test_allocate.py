"""Dealing whole units to sides and folds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.prepare.allocate import deal, take_share

single = st.integers(1, 400)


@settings(max_examples=100, deadline=None)
@given(single, st.integers(1, 5), st.floats(0.05, 0.6), st.integers(0, 99))
def test_every_stratum_gives_its_share(rows: int, strata: int, share: float, seed: int) -> None:
    """With single rows each stratum is within one and a half rows of its share, and so is the total."""
    owner = np.arange(rows, dtype=np.int64) % strata
    taken = take_share(np.arange(rows, dtype=np.int64), owner, share, np.random.default_rng(seed))
    counts, wanted = np.bincount(owner[taken], minlength=strata), share * np.bincount(owner, minlength=strata)
    if rows >= 4 * strata:
        assert (np.abs(counts - wanted) <= 1.5).all()
        assert abs(len(taken) - share * rows) <= 1.5
    assert len(taken) >= 1


def test_large_units_are_shared_out_like_single_rows() -> None:
    """Units of many sizes do not all end on one side: the share of rows of units above one is near the target."""
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(500), rng.integers(1, 9, 500))
    taken = take_share(units, np.zeros(len(units), dtype=np.int64), 0.25, rng)
    large = np.bincount(units)[units] > 1
    assert abs(np.mean(np.isin(np.flatnonzero(large), taken)) - 0.25) < 0.02


def test_a_stratum_of_one_row_is_left_behind() -> None:
    """A class with a single row is learnt from, for every seed."""
    strata = np.array([0] * 20 + [1], dtype=np.int64)
    for seed in range(30):
        assert 20 not in take_share(np.arange(21), strata, 0.5, np.random.default_rng(seed))


def test_something_is_always_taken() -> None:
    """Two groups of unequal size at a small share: the one nearest to the share is taken, the other stays."""
    units = np.repeat([0, 1], [80, 20])
    taken = take_share(units, np.zeros(100, dtype=np.int64), 0.05, np.random.default_rng(0))
    assert taken.tolist() == list(range(80, 100))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=8, max_size=80), st.integers(2, 5), st.integers(0, 99))
def test_folds_are_level(sizes: list[int], folds: int, seed: int) -> None:
    """Fold sizes differ by no more than the largest unit, every row is dealt, and no unit is torn."""
    units = np.repeat(np.arange(len(sizes)), sizes)
    fold = deal(units, np.zeros(len(units), dtype=np.int64), folds, np.random.default_rng(seed), spare=False)
    counts = np.bincount(fold, minlength=folds)
    assert counts.max() - counts.min() <= max(sizes)
    assert all(len(np.unique(fold[units == u])) == 1 for u in range(len(sizes)))


def test_many_small_classes_are_spread_over_the_folds() -> None:
    """Twenty classes of two rows: folds stay level although no class reaches them all."""
    strata = np.repeat(np.arange(20), 2)
    fold = deal(np.arange(40), strata, 5, np.random.default_rng(1), spare=True)
    assert np.bincount(fold).tolist() == [8] * 5


def test_spare_units_belong_to_no_fold() -> None:
    """A lone row of its class, and a unit larger than a fold, only serve to learn from."""
    units = np.array([0] * 30 + list(range(1, 41)))
    strata = np.array([0] * 69 + [1])
    fold = deal(units, strata, 5, np.random.default_rng(0), spare=True)
    assert set(fold[:30].tolist()) == {-1}
    assert fold[-1] == -1
    assert np.bincount(fold[30:-1]).tolist() == [8, 8, 8, 8, 7]
