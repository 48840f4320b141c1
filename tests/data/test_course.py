"""Change along time: what changes is found with its place and size, and shuffled rows have no change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from volvelle.data.collect import collect
from volvelle.data.course import courses
from volvelle.data.explore import explore
from volvelle.data.findings import trend
from volvelle.data.table import Asked, Table
from volvelle.spec.requirements import Data

N = 1200
K = np.arange(N)
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=N)
EARLY = K < 700


def flags(chance: np.ndarray[tuple[int], np.dtype[np.float64]], seed: int = 1) -> list[bool]:
    return [bool(b) for b in np.random.default_rng(seed).random(N) < chance]


def test_the_share_of_a_category() -> None:
    """A colour that becomes three times as frequent at row 701 is told with both shares and about there."""
    red = flags(np.where(EARLY, 0.2, 0.6))
    [found] = courses(Table.of({"colour": ["red" if r else "ab"[k % 2] for k, r in enumerate(red)]}))
    assert (found.name, found.what, found.value) == ("colour", "share", "red")
    assert found.row == pytest.approx(700, abs=15)
    assert (found.before, found.after) == pytest.approx((0.2, 0.6), abs=0.04)


def test_the_share_of_missing_cells_and_the_line_that_follows() -> None:
    """A column that stops being recorded is a middling finding at the very row, and [data] ignore follows it."""
    table = Table.of({"x": [float(v) if e else None for v, e in zip(NOISE, EARLY, strict=True)], "z": NOISE[::-1]})
    [found] = trend.find(table)
    assert (found.severity, found.columns, found.overrule) == ("medium", ("x",), '[data] ignore = ["x"]')
    assert found.sentence == "missing in 'x': 0.0% before row 701, 100.0% from there on."
    assert found.counts == {"rows before": 700, "rows after": 500}
    assert [e.row for e in found.examples] == [699, 700, 701, 702, 703]


@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1)])
def test_the_share_of_a_class_of_the_target(classes: tuple[object, object]) -> None:
    """A failure that becomes frequent slowly is told of the target, by time as a middling finding."""
    fails = [classes[f] for f in flags(0.02 + 0.4 * K / N)]
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=int(k)) for k in K]
    order = np.random.default_rng(2).permutation(N)
    rows = {"day": [days[k] for k in order], "x": NOISE, "fails": [fails[k] for k in order]}
    assert trend.find(Table.of(rows, target="fails")) == []
    [found] = trend.find(Table.of(rows, target="fails", time="day", task="classification"))
    assert (found.severity, found.columns) == ("medium", ("fails",))
    assert f"'{classes[1]}' in 'fails'" in found.sentence
    assert "(by 'day')" in found.sentence


def test_a_target_that_is_missing_more_and_more() -> None:
    """Missing answers are seen although rows without one are left out of the sample."""
    gone = flags(0.6 * K / N)
    [found] = courses(Table.of({"x": NOISE, "y": [None if g else 1.5 * k % 7 for k, g in enumerate(gone)]}, target="y"))
    assert (found.name, found.what) == ("y", "missing")
    assert found.after - found.before == pytest.approx(0.48, abs=0.08)


def test_spread() -> None:
    """Twice the noise from row 701 on is a change of spread and not of level."""
    [found] = courses(Table.of({"x": NOISE * np.where(EARLY, 1.0, 2.0)}))
    assert found.what == "spread"
    assert found.row == pytest.approx(700, abs=40)
    assert found.after / found.before == pytest.approx(2.0, abs=0.25)


def test_a_slow_trend() -> None:
    """A level that rises by two deviations is told by the medians of both ends, by time where one is named."""
    rising = NOISE + 2 * K / N
    [found] = courses(Table.of({"x": rising}))
    assert (found.what, found.row) == ("level", None)
    assert (found.before, found.after) == pytest.approx((0.2, 1.8), abs=0.25)
    order = np.random.default_rng(3).permutation(N)
    shuffled = {"t": K[order], "x": rising[order]}
    assert courses(Table.of({"x": shuffled["x"]})) == []
    [by_time] = courses(Table.of(shuffled, time="t"))
    assert (by_time.before, by_time.after) == (found.before, found.after)


def test_a_season_a_clock_and_a_jump_are_no_trends() -> None:
    """What comes back, what only grows, and the one jump that `drift` tells are left out; so are rows in groups."""
    rows = {"sine": np.sin(K / 30) + NOISE / 3, "clock": K * 2.5, "jump": np.where(EARLY, 0, 40) + K % 7}
    assert courses(Table.of(rows)) == []
    grouped = {"x": NOISE + 2 * K / N, "unit": K // 100}
    assert [c.name for c in courses(Table.of(grouped))] == ["x"]
    assert courses(Table.of(grouped, group="unit")) == []


def test_neighbours_that_are_alike_do_not_pass_for_a_change() -> None:
    """Of 40 stationary series in which each row tells half of the next, none changes."""
    changed = 0
    for seed in range(40):
        shocks = np.random.default_rng(seed).normal(size=400)
        x = np.zeros(400)
        for k in range(1, 400):
            x[k] = 0.7 * x[k - 1] + shocks[k]
        changed += bool(courses(Table.of({"x": x, "c": (x > 0).astype(int)})))
    assert changed == 0


SHUFFLED = [
    ("tabular/bank_marketing.csv.gz", "y"),
    ("regression/bike_sharing_hour.csv.gz", "cnt"),
    ("tabular/titanic.csv.gz", "Survived"),
    ("regression/ames_housing.csv.gz", "SalePrice"),
    ("drift/elec2.csv.gz", "class"),
]


@pytest.mark.parametrize(("file", "target"), SHUFFLED)
def test_shuffled_rows_do_not_change(file: str, target: str, real_data: Path) -> None:
    """Ten shuffles of real tables, with text, gaps and rare values: nothing changes along the rows."""
    frame, dataset = collect(Data(source=file), {}, real_data)
    frame = frame.head(6000)
    described = explore(frame, dataset, Asked(target=target)).columns
    for seed in range(10):
        shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
        assert courses(Table(shuffled, described, Asked(target=target))) == []


def test_small_tables_of_noise_do_not_change() -> None:
    """Of 300 tables with 60 to 300 rows of noise none changes: the bound holds without large numbers."""
    for seed in range(300):
        rng = np.random.default_rng(seed)
        rows = int(rng.integers(60, 300))
        gaps = pl.Series(rng.normal(size=rows)).set(pl.Series(rng.random(rows) < 0.05), None)
        columns = {"x": rng.exponential(size=rows), "gaps": gaps, "rare": rng.random(rows) < 0.04}
        assert courses(Table.of({**columns, "c": rng.integers(0, 4, rows).astype(str)})) == []
