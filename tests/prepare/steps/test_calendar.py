"""Calendar parts against Python's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from volvelle.model.signature import MISSING_TIME
from volvelle.prepare.steps import calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALL = {"parts": [list(calendar.PARTS)]}


def parts_of(second: int) -> list[float]:
    moment = EPOCH + timedelta(seconds=second)
    day = moment.timetuple().tm_yday
    return [moment.year, moment.month, moment.day, moment.weekday(), day, moment.hour, moment.hour * 60 + moment.minute]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(calendar.EARLIEST, calendar.LATEST), min_size=1, max_size=50))
@example([calendar.EARLIEST, calendar.LATEST, -1, 0, 951782400, 951868800, -2203891200, 68256000])
def test_parts_equal_those_of_python(run_step: Any, seconds: list[int]) -> None:
    """Every part of every second of the years 1 to 9999 is what datetime says."""
    found = run_step("calendar", np.array(seconds, dtype=np.int64)[:, None], ALL)
    assert found.tolist() == [parts_of(s) for s in seconds]


def test_every_day_of_eight_centuries(run_step: Any) -> None:
    """No day of two whole Gregorian cycles, leap days included, is off by one."""
    seconds = np.arange(-146097, 146097, dtype=np.int64) * 86400 + 43200
    found = run_step("calendar", seconds[:, None], ALL)
    days = seconds.astype("datetime64[s]").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    assert np.array_equal(found[:, 0], years.astype(int) + 1970)
    assert np.array_equal(found[:, 1], months.astype(int) % 12 + 1)
    assert np.array_equal(found[:, 2], (days - months).astype(int) + 1)
    assert np.array_equal(found[:, 4], (days - years).astype(int) + 1)


def test_missing_time_gives_missing_parts(run_step: Any) -> None:
    """Only the missing time is missing afterwards, in every part."""
    found = run_step("calendar", np.array([[MISSING_TIME], [MISSING_TIME + 1], [0]], dtype=np.int64), ALL)
    assert np.isnan(found).all(axis=1).tolist() == [True, False, False]
    assert not np.isnan(found[1:]).any()


def test_times_outside_count_as_the_nearest_inside(run_step: Any) -> None:
    """The first and last second of the supported range stand for all beyond."""
    ends = np.array([[calendar.EARLIEST], [calendar.LATEST]], dtype=np.int64)
    beyond = np.array([[-(2**62)], [2**63 - 1]], dtype=np.int64)
    assert np.array_equal(run_step("calendar", beyond, ALL), run_step("calendar", ends, ALL))


def test_only_parts_that_vary_are_kept() -> None:
    """Daily stamps have no hour; hourly stamps have no minute of the day; a constant has nothing."""
    daily = calendar.fit(np.arange(400, dtype=np.int64)[:, None] * 86400)
    hourly = calendar.fit(np.arange(48, dtype=np.int64)[:, None] * 3600)
    assert daily == {"parts": [["year", "month", "day", "weekday", "day_of_year"]]}
    assert hourly == {"parts": [["day", "weekday", "day_of_year", "hour"]]}
    assert calendar.fit(np.zeros((5, 1), dtype=np.int64)) == {"parts": [[]]}
    assert calendar.names(("t",), hourly) == ("t day", "t weekday", "t day_of_year", "t hour")


def test_columns_keep_their_own_parts(run_step: Any) -> None:
    """With two columns of different parts, each feature comes from the column that its name says."""
    times = np.stack([np.arange(48) * 3600, np.arange(48) * 86400 * 40], axis=1).astype(np.int64)
    params = calendar.fit(times)
    found = dict(zip(calendar.names(("a", "b"), params), run_step("calendar", times, params).T, strict=True))
    assert found["a hour"].tolist() == [h % 24 for h in range(48)]
    assert found["b month"].tolist() == [(EPOCH + timedelta(days=40 * d)).month for d in range(48)]
    assert "b hour" not in found
