"""Points on the circles of the day, the week and the year, against Python's own calendar."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.model.signature import MISSING_TIME
from volvelle.prepare.steps import calendar, calendar_cyclic

ALL = {"circles": [["day", "week", "year"]]}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def points_of(second: int) -> list[float]:
    moment = EPOCH + timedelta(seconds=second)
    day = second % 86400 / 86400
    turns = (day, (moment.weekday() + day) / 7, moment.timetuple().tm_yday / 365.25)
    return [f(2 * math.pi * turn) for turn in turns for f in (math.sin, math.cos)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(calendar.EARLIEST, calendar.LATEST), min_size=1, max_size=20))
def test_points_lie_where_the_calendar_says(run_step: Any, seconds: list[int]) -> None:
    """Sine and cosine of every second of the years 1 to 9999 belong to its time of day, of the week, of the year."""
    found = run_step("calendar_cyclic", np.array(seconds, dtype=np.int64)[:, None], ALL)
    assert np.allclose(found, [points_of(s) for s in seconds], atol=1e-5)


def test_neighbours_are_near_and_missing_is_the_middle(run_step: Any) -> None:
    """A second before and after Monday's midnight lie together, noon lies opposite, a missing time in the centre."""
    monday = 4 * 86400
    rows = np.array([[monday - 1], [monday], [monday + 43200], [MISSING_TIME]])
    before, after, noon, missing = run_step("calendar_cyclic", rows, ALL).tolist()
    assert np.allclose(before[:4], after[:4], atol=1e-3)
    assert np.allclose(noon[:2], [-x for x in after[:2]], atol=1e-5)
    assert missing == [0.0] * 6


def test_only_circles_that_say_something_are_kept() -> None:
    """Dates at midnight have no time of day, the hours of one day no week, one month no year."""
    days = np.arange(0, 90, dtype=np.int64)[:, None] * 86400
    hours = np.arange(0, 24, dtype=np.int64)[:, None] * 3600
    assert calendar_cyclic.fit(days)["circles"] == [["week", "year"]]
    assert calendar_cyclic.fit(hours)["circles"] == [["day"]]
    assert calendar_cyclic.fit(days[:20])["circles"] == [["week"]]
