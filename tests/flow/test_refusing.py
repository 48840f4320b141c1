"""Requests that were refused are seen by whoever watches, by reason and field, window or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from volvelle.flow.refusing import Refusing, refusing
from volvelle.monitor.records import Alarm

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = int(NOON.timestamp() * 1e6)
MINUTE = 60_000_000
DAY = 1440


class Shut(NamedTuple):
    """Refused requests."""

    minute: float
    requests: int
    reason: str = "absent"
    field: str = "heat"


def told(*lines: Shut, parts: tuple[pl.DataFrame, ...] = ()) -> Refusing:
    log = pl.DataFrame(
        {
            "at": [AT + int(line.minute * MINUTE) for line in lines],
            "until": [AT + int(line.minute * MINUTE) + 1 for line in lines],
            "release": ["r"] * len(lines),
            "reason": [line.reason for line in lines],
            "field": [line.field for line in lines],
            "requests": [line.requests for line in lines],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC"), "until": pl.Datetime("us", "UTC"), "requests": pl.Int64},
    )
    return refusing(log, "r", NOON - timedelta(days=1), list(parts))


def rows(*minutes: float, each: int = 1) -> pl.DataFrame:
    """Answered requests, each of so many rows."""
    ids = [f"q{k}-{n}" for k in range(len(minutes)) for n in range(each)]
    at = pl.Series([AT + int(m * MINUTE) for m in minutes for _ in range(each)], dtype=pl.Int64)
    return pl.DataFrame({"id": pl.Series(ids, dtype=pl.String), "at": at.cast(pl.Datetime("us", "UTC"))})


def alarms(found: Refusing, waiting: pl.DataFrame, minute: float = 60) -> list[Alarm]:
    """Of the window that is not whole."""
    seen = found.unfinished(0, waiting, AT + int(minute * MINUTE))
    return seen[1] if seen else []


def test_a_renamed_field_is_named_at_once() -> None:
    """Twenty requests without a field, no row answered: the field is named, and that most requests are refused."""
    found = alarms(told(Shut(1, 20)), rows())
    assert {(a.what, a.feature, a.severity) for a in found} == {("errors", "", "broken"), ("schema", "heat", "broken")}
    assert alarms(told(Shut(1, 19)), rows()) == []


def test_one_client_among_many_is_seen() -> None:
    """One request in a hundred is enough, one in two hundred is not, and rows of before do not hide it."""
    before, beside = [k / 1000 for k in range(3000)], [10 + k / 1000 for k in range(980)]
    [alarm] = alarms(told(Shut(10, 10), Shut(11, 10)), rows(*before, *beside, each=3))
    assert (alarm.what, alarm.effect) == ("schema", 20 / 1000)
    many = [10 + k / 4000 for k in range(3980)]
    assert alarms(told(Shut(10, 10), Shut(11, 10)), rows(*before, *many)) == []


def test_a_policy_that_refuses_is_no_other_schema() -> None:
    """Missing values that a field refuses call only where most requests are refused for them."""
    shut = told(Shut(1, 50, "missing"))
    assert alarms(shut, rows(*[2.0] * 100)) == []
    assert [a.what for a in alarms(shut, rows(*[2.0] * 30))] == ["errors"]
    assert shut.total() == {"missing heat": 50}


def test_what_is_over_is_over() -> None:
    """A day after the last refusal nothing calls any more; one that begins anew has another beginning."""
    shut = told(Shut(1, 30))
    assert alarms(shut, rows(), DAY) != []
    assert alarms(shut, rows(), DAY + 2) == []
    seen = told(Shut(1, 30), Shut(2 * DAY, 1), Shut(2 * DAY + 60, 30)).unfinished(0, rows(), AT + 3 * DAY * MINUTE)
    assert seen is not None
    assert (seen[0].since, seen[0].errors, seen[0].state) == (AT + 2 * DAY * MINUTE, 61, "broken")


def test_refusals_belong_to_the_window_of_their_time() -> None:
    """What was refused while a window filled is counted with it, the rest with the one that is not whole."""
    first, second = rows(1, 2, 3), rows(4, 5, 6)
    shut = told(Shut(0, 1), Shut(3, 2), Shut(3.5, 4), Shut(6, 80), Shut(7, 16), parts=(first, second))
    assert [shut.errors(k) for k in range(3)] == [3, 84, 16]
    assert [a.sentence for a in shut.alarms(1, second)] == [
        "heat: does not come in 84 of 87 requests, which were refused"
    ]
    assert shut.alarms(0, first) == []
