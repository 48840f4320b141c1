"""Neighbouring rows that are alike: found in series, with the column that orders them; never in drawn rows."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.data.findings import neighbours
from volvelle.data.table import Table

K = np.arange(400)
WAVE = np.sin(K / 9)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_where_rows_were_drawn(seed: int) -> None:
    """Amounts, even classes and rare classes in random order are not alike."""
    rng = np.random.default_rng(seed)
    for y in (rng.normal(size=400), rng.random(400) < 0.5, rng.random(400) < 0.02):
        assert neighbours.find(Table.of({"x": K % 7, "y": y}, target="y")) == []


def test_a_series_of_amounts_and_of_classes() -> None:
    """A wave, and whether it is high, are alike from row to row, missing answers or not."""
    for y in (WAVE.tolist(), (WAVE > 0.5).tolist()):
        y[7] = y[90] = None
        [found] = neighbours.find(Table.of({"x": K % 7, "y": y}, target="y"))
        assert (found.severity, found.columns, found.overrule) == ("medium", ("y",), "")


def test_the_finest_time_orders() -> None:
    """Of two sorted times the one with more values is named; one that is not sorted, or has gaps, is not."""
    rows = {"day": K // 24, "time": K, "date": K * 7 % 400, "stamp": [None, *K[1:].tolist()], "y": WAVE}
    [found] = neighbours.find(Table.of(rows, target="y"))
    assert (found.columns, found.overrule) == (("y", "time"), '[data] time = "time"')


def test_a_time_alone_is_a_hint() -> None:
    """Where rows are in order of time and not alike, splitting by time is proposed for later rows only."""
    noise = np.random.default_rng(1).normal(size=400)
    [found] = neighbours.find(Table.of({"time": K, "y": noise}, target="y"))
    assert (found.severity, found.columns) == ("low", ("y", "time"))


@pytest.mark.parametrize("asked", [{"time": "time"}, {"group": "time"}, {"target": ""}])
def test_nothing_where_the_spec_has_settled_it(asked: dict[str, str]) -> None:
    """With a time, with a group, or without a target there is nothing to propose."""
    assert neighbours.find(Table.of({"time": K, "y": WAVE}, **{"target": "y", **asked})) == []


def test_blocks_of_classes_are_told_by_order() -> None:
    """A file sorted by class is the finding `order`, unless a time explains it."""
    y = (K >= 200).tolist()
    assert neighbours.find(Table.of({"x": K % 7, "y": y}, target="y")) == []
    assert neighbours.find(Table.of({"time": K, "y": y}, target="y")) != []
