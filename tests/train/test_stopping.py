"""Which rows a learner uses."""

from __future__ import annotations

import numpy as np

from volvelle.train.rows import ENOUGH, ENOUGH_OF_A_CLASS, FIFTHS, stopping


def test_many_rows_are_held_out_once_and_few_in_turn() -> None:
    """As many rows as a fifth needs, of the rarest class too, are held out once; with fewer, every row once in turn."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(FIFTHS * ENOUGH, 2)).astype(np.float32)
    assert len(stopping(x, x[:, 0], 1, classes=0)) == 1
    few = stopping(x[:-1], x[:-1, 0], 1, classes=0)
    assert len(few) == FIFTHS
    assert np.array_equal(np.sort(np.concatenate([out for _, out in few])), np.arange(len(x) - 1))
    rare = (np.arange(len(x)) < FIFTHS * ENOUGH_OF_A_CLASS).astype(np.int64)
    assert len(stopping(x, rare, 1, classes=2)) == 1
    rare[0] = 0
    assert len(stopping(x, rare, 1, classes=2)) == FIFTHS


def test_twins_stay_on_one_side() -> None:
    """Rows equal in all features, gaps and zeros of both signs included, are never learnt and held out at once."""
    rng = np.random.default_rng(4)
    once = rng.normal(size=(60, 3)).astype(np.float32)
    once[::7, 1] = np.nan
    once[::5, 2] = 0.0
    twin = np.concatenate([np.arange(60), rng.integers(0, 60, 200)])
    x = once[twin]
    x[:, 2] *= np.where((x[:, 2] == 0) & (rng.random(len(x)) < 0.5), -1, 1)
    for kept, out in stopping(x, rng.normal(size=len(twin)), 5, classes=0):
        assert not set(twin[kept]) & set(twin[out])
        assert len(kept) + len(out) == len(twin)


def test_a_rare_class_is_always_learnt() -> None:
    """A class of fewer rows than there are fifths is in every part that is learnt; of two, nothing is held out."""
    x = np.arange(100, dtype=np.float32).reshape(-1, 1)
    y = np.where(np.arange(100) < 3, 2, np.arange(100) % 2)
    parts = stopping(x, y, 2, classes=3)
    assert len(parts) == FIFTHS
    assert all((y[kept] == 2).sum() == 3 for kept, _ in parts)
    assert stopping(x, (y == 2).astype(np.int64), 2, classes=2) == []


def test_what_is_all_alike_is_not_learnt() -> None:
    """Of a target that one row makes differ, the part without that row is left out."""
    x = np.arange(100, dtype=np.float32).reshape(-1, 1)
    assert len(stopping(x, (np.arange(100) == 5).astype(float), 2, classes=0)) == FIFTHS - 1
