"""The bench of quiet streams draws what rows would give, and says what `watch` says."""

from __future__ import annotations

import argparse

import numpy as np
from bench.streams import agrees, shifts, streams, windows
from bench.watch import learnt


def test_drawn_streams_are_judged_as_watch_judges() -> None:
    """Of a stream whose counters are drawn, the bench finds the same smallest chance of each day as `watch`."""
    rng = np.random.default_rng(3)
    assert agrees(learnt(rng.normal(size=(4000, 20)), 500), rng)


def test_few_streams_call() -> None:
    """Of 120 quiet streams of each size, no more call than a budget of 5 % makes likely."""
    _, _, lines = streams(np.random.default_rng(4), argparse.Namespace(resamples=15))
    assert [line[1] for line in lines] == ["120"] * 3
    assert all(float(line[2].removesuffix(" %")) <= 12 for line in lines)


def test_few_windows_call() -> None:
    """Of 1,000 quiet windows of each size, no more call than 5 % and one a year make likely."""
    _, _, lines = windows(np.random.default_rng(5), argparse.Namespace(resamples=1))
    for _, _, count, often, seldom in lines:
        assert count == "1,000"
        assert 3 < float(often.removesuffix(" %")) <= 7.5
        assert float(seldom.removesuffix(" %")) <= 0.9


def test_a_shift_is_seen_by_windows_of_its_size() -> None:
    """0.1 sd, 5 standard errors away, is called nine times of ten where 5 % may call, or of four times the rows."""
    _, _, [few, many, *_] = shifts(np.random.default_rng(6), argparse.Namespace(resamples=1))
    assert [float(cell.removesuffix(" %")) >= least for cell, least in zip(few[3:], (94, 82), strict=True)] == [
        True
    ] * 2
    assert float(many[4].removesuffix(" %")) >= 97
