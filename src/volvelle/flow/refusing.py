"""Requests that the server refused, beside the windows of what it answered.

What is refused makes no row, so that a client which renamed a field would never fill a window. Therefore the newest
refusals are judged at once, against the requests that were answered meanwhile, whole window or not.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import polars as pl

from volvelle.monitor.broken import FEWEST, failing, schema
from volvelle.monitor.records import Alarm, Window

_REST = pl.duration(days=1)
"""After so long without one, a refusal is news again."""
_ROW = r"-\d+$"


class Refusing(NamedTuple):
    """What was refused, by window."""

    log: pl.DataFrame
    """at, until, reason, field, requests, window: its position, or the number of windows where it is not whole yet."""

    def errors(self, window: int) -> int:
        """Requests that were refused while a window filled."""
        return int(self.log.filter(window=window)["requests"].sum())

    def total(self) -> dict[str, int]:
        """Requests by reason, and by the feature that it is about."""
        return {f"{reason} {field}".strip(): count for (reason, field), count in _counts(self.log).items()}

    def alarms(self, window: int, rows: pl.DataFrame) -> list[Alarm]:
        """What refusals say of the schema while a window of these rows filled."""
        return schema(_counts(self.log.filter(window=window)), _requests(rows), window)

    def unfinished(self, window: int, rows: pl.DataFrame, at: int) -> tuple[Window, list[Alarm]] | None:
        """The window that is not whole, and what is broken by its newest refusals; None where nothing is.

        Args:
            window: its position.
            rows: id, at: that wait for it to be whole.
            at: the time, in microseconds since 1970 UTC: what did not come for a day is over.
        """
        log, today = self.log.filter(window=window), pl.lit(at).cast(self.log["at"].dtype) - _REST
        alarms = failing(*_newest(log, rows, today), window)
        for reason, field in _counts(log):
            count, answered = _newest(log.filter(reason=reason, field=field), rows, today)
            alarms += schema({(reason, field): count}, answered, window)
        if not alarms:
            return None
        since, until = _onset(log), log["until"].dt.timestamp("us").max()
        made = Window(rows=rows.height, errors=self.errors(window), state="broken", since=since, until=until)  # type: ignore[arg-type]
        return made, alarms


def refusing(log: pl.DataFrame, release: str, since: datetime, parts: list[pl.DataFrame]) -> Refusing:
    """Refusals of a release since a time, beside the whole windows of its rows.

    Args:
        log: as `volvelle.serve.log.refused` gives them.
        release: who refused.
        since: from when on.
        parts: the windows, oldest first.
    """
    ours = log.filter(pl.col("release") == release, pl.col("at") >= since).drop("release")
    ends = pl.Series([part["at"].max() for part in parts], dtype=ours["at"].dtype)
    return Refusing(ours.with_columns(window=ends.search_sorted(ours["at"], side="left").cast(pl.Int64)))


def _counts(log: pl.DataFrame) -> dict[tuple[str, str], int]:
    summed = log.group_by("reason", "field", maintain_order=True).agg(pl.col("requests").sum())
    return {(reason, field): count for reason, field, count in summed.iter_rows()}


def _newest(log: pl.DataFrame, rows: pl.DataFrame, today: pl.Expr) -> tuple[int, int]:
    """As many of the newest refusals as are judged, and the requests that were answered since the first of them."""
    last = log.reverse()
    last = last.filter(pl.col("requests").cum_sum() - pl.col("requests") < FEWEST, pl.col("until").max() >= today)
    if last.is_empty():
        return 0, 0
    return int(last["requests"].sum()), _requests(rows.filter(pl.col("at") >= last["at"].min()))


def _requests(rows: pl.DataFrame) -> int:
    """Requests behind rows: a row is called by its request and its position."""
    return rows["id"].str.replace(_ROW, "").n_unique()


def _onset(log: pl.DataFrame) -> int:
    """When the present row of refusals began; it ends where none comes for a day."""
    begun = log.filter((pl.col("at") - pl.col("until").shift() > _REST).fill_null(value=True))
    return int(begun["at"].dt.timestamp("us")[-1])
