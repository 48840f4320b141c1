"""A broken contract and a calendar that moved on are told apart, on rentals of bicycles by the hour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from volvelle.model.signature import Feature, Signature
from volvelle.monitor.broken import stays
from volvelle.monitor.records import Policy, Reference, Report
from volvelle.monitor.reference import goes_on, reference
from volvelle.monitor.sketch import sketch
from volvelle.monitor.watch import watch

WEEK = 168
NUMBERS = ("yr", "mnth", "instant", "hr", "temp", "hum", "windspeed")
NAMED = ("season", "month", "weathersit")


@pytest.fixture(scope="module")
def hours(real_data: Path) -> pl.DataFrame:
    """Rentals of two years, hour by hour."""
    rows = pl.read_csv(real_data / "regression/bike_sharing_hour.csv.gz").with_columns(month="mnth")
    return rows.with_columns(pl.col(NAMED).cast(pl.String))


def learnt(seen: pl.DataFrame, held: pl.DataFrame, window: int) -> Reference:
    """The reference of `held`, of a model that learnt from `seen`."""
    numbers = [
        Feature(name=n, kind="number", low=float(seen[n].min()), high=float(seen[n].max()))  # type: ignore[arg-type]
        for n in NUMBERS
    ]
    named = [Feature(name=n, kind="category", categories=tuple(seen[n].unique().sort())) for n in NAMED]
    signature = Signature(features=(*numbers, *named), target="cnt", task="regression")
    return reference(held, said(held), signature, window=window, seed=0)


def said(rows: pl.DataFrame) -> pl.DataFrame:
    """Answers of no interest."""
    return pl.DataFrame({"prediction": np.zeros(rows.height)})


def seen(known: Reference, rows: pl.DataFrame) -> Report:
    """What is said of rows, as one window."""
    return watch(known, [sketch(rows, said(rows), known.edges)], Policy(window=known.window))


def broken(report: Report) -> set[tuple[str, str]]:
    return {(a.feature, a.what) for a in report.alarms if a.severity == "broken"}


@pytest.fixture(scope="module")
def spring(hours: pl.DataFrame) -> Reference:
    """Learnt from January to March 2011, held against April."""
    known = hours.filter(pl.col("yr") == 0)
    return learnt(known.filter(pl.col("mnth") <= 4), known.filter(pl.col("mnth") == 4), WEEK)


def test_a_month_that_training_never_saw_is_drift(hours: pl.DataFrame, spring: Reference) -> None:
    """In May the month and the count of hours leave the range of training, as number and as category: that is drift."""
    now = hours.filter((pl.col("yr") == 0) & (pl.col("mnth") == 5))[:WEEK]
    report = seen(spring, now)
    assert broken(report) == set()
    drifted = {(a.feature, a.what) for a in report.alarms if a.severity == "drift"}
    assert {("mnth", "out_of_range"), ("instant", "out_of_range"), ("month", "out_of_range")} <= drifted
    assert report.state == "notice"


def test_a_year_that_training_never_saw_is_drift(hours: pl.DataFrame) -> None:
    """Learnt from one year, of which nothing but one number is known: the next year is drift."""
    first = hours.filter(pl.col("yr") == 0)
    report = seen(learnt(first, first[-4 * WEEK :], WEEK), hours.filter(pl.col("yr") == 1)[:WEEK])
    assert broken(report) == set()
    assert ("yr", "out_of_range") in {(a.feature, a.what) for a in report.alarms if a.severity == "drift"}


@pytest.mark.parametrize(
    "changed",
    [
        pl.col("temp") * 41 * 1.8 + 32,
        pl.col("temp") * 1000,
        pl.col("hum") * 100,
        pl.col("windspeed") * 1000 + 1000,
        pl.col("temp") * 0.001,
    ],
    ids=str,
)
def test_another_unit_is_broken(hours: pl.DataFrame, spring: Reference, changed: pl.Expr) -> None:
    """Fahrenheit, per mille, per cent: the same hours in another unit break the contract, of their column alone."""
    now = hours.filter((pl.col("yr") == 0) & (pl.col("mnth") == 4))[WEEK : 2 * WEEK]
    assert broken(seen(spring, now)) == set()
    assert broken(seen(spring, now.with_columns(changed))) == {(changed.meta.output_name(), "unit")}


def test_renamed_categories_are_broken(hours: pl.DataFrame, spring: Reference) -> None:
    """The weather comes and goes; when all of its names are new, the contract is broken, also when the month is new."""
    now = hours.filter((pl.col("yr") == 0) & (pl.col("mnth") == 5))[:WEEK]
    renamed = now.with_columns(weathersit="weather " + pl.col("weathersit"))
    assert broken(seen(spring, renamed)) == {("weathersit", "categories")}


def test_a_season_is_not_a_stuck_sensor(hours: pl.DataFrame) -> None:
    """Held-out rows of one week in which the season changed once say nothing of how long a season is."""
    year = hours.filter(pl.col("yr") == 1)
    change = int((year["season"] == "2").arg_max() or 0)
    held = year[change - 105 : change + 63]
    known = learnt(year[:change], held, 2 * WEEK)
    assert known.whole.features["season"].run == 105
    assert broken(seen(known, year[change + WEEK : change + 3 * WEEK])) == set()


def test_a_stuck_sensor_is_found_in_a_short_window(hours: pl.DataFrame, spring: Reference) -> None:
    """A humidity that stays for four days is stuck, as it never stayed for long before."""
    now = hours.filter((pl.col("yr") == 0) & (pl.col("mnth") == 4))[:96]
    assert broken(seen(spring, now.with_columns(hum=pl.lit(0.5)))) == {("hum", "stuck")}


def test_no_window_of_sticky_rows_is_stuck() -> None:
    """Of 2,000 columns that stay by chance from row to row none is called stuck, however few the healthy rows are."""
    rng = np.random.default_rng(0)
    for rows, window in ((50, 500), (200, 500), (2000, 500)):
        for chance in (0.5, 0.9, 0.97, 0.995):
            for _ in range(160):
                before, now = (
                    int(np.diff(np.flatnonzero(np.r_[True, rng.random(n - 1) > chance, True])).max())
                    for n in (rows, window)
                )
                assert window * stays(before, rows) ** (now - 1) > 1e-9


def test_what_goes_on() -> None:
    """A count, a year and a month over a new year go on; noise, hours of a day and categories that come back do not."""
    count = np.arange(50)
    months = np.repeat([10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4)
    assert goes_on(count, nominal=False)
    assert goes_on(count[::-1], nominal=False)
    assert goes_on(months, nominal=False)
    assert goes_on(months, nominal=True)
    assert goes_on(np.zeros(9), nominal=False)
    assert not goes_on(np.random.default_rng(0).normal(size=50), nominal=False)
    assert not goes_on(count % 8, nominal=False)
    assert not goes_on(np.array([1, 1, 2, 1]), nominal=True)


def test_a_device_without_runs_sees_what_is_stuck(hours: pl.DataFrame, spring: Reference) -> None:
    """Counters that hold no runs: a thermometer stuck for a week is broken; in weeks and days of a year's weather
    nothing is."""

    def stuck(rows: pl.DataFrame) -> list[str]:
        counted = sketch(rows, said(rows), spring.edges)
        bare = {name: replace(c, run=0) for name, c in counted.features.items()}
        report = watch(spring, [replace(counted, features=bare)], Policy(window=WEEK))
        return [a.feature for a in report.alarms if a.what == "stuck"]

    later = hours.filter(pl.col("instant") > 2900)
    parts = [later[at : at + size] for size in (WEEK, 24) for at in range(0, 40 * WEEK, 7 * size)]
    assert [stuck(part) for part in parts] == [[]] * len(parts)
    assert stuck(parts[0].with_columns(temp=0.5)) == ["temp"]
