"""Days that were kept long enough go whole, with all that was told about their rows, and nothing else goes."""

from __future__ import annotations

from pathlib import Path

from test_log import NOON, answered, journal_of  # type: ignore[import-not-found]

from volvelle.serve import log
from volvelle.serve.keeping import Gone, gone_of, let_go
from volvelle.serve.records import Outcome, Unanswered

DAY = 86_400_000_000


def lived(live: Path) -> None:
    """Three days of two rows each, whose outcomes come a day late."""
    entries = []
    for day in range(3):
        entries.append(answered(day, at=NOON + day * DAY))
        entries.append(Unanswered(at=NOON + day * DAY, until=NOON + day * DAY, release="pump-1", reason="form"))
        entries += [Outcome(id=f"r{day}-{k}", at=NOON + (day + 1) * DAY, outcome="no") for k in range(2)]
    entries.append(Outcome(id="stranger", at=NOON + DAY, outcome="no"))
    journal_of(live, *entries)
    log.settle(live)


def test_a_day_goes_whole_and_with_its_outcomes(tmp_path: Path) -> None:
    """The first day goes when it is over for two days, with outcomes that came later; the others stay as they are."""
    lived(tmp_path)
    at = NOON + 5 * DAY // 2
    assert let_go(tmp_path, 2 * 86_400, at=at - 1) == (0, 0)
    assert log.predictions(tmp_path).height == 6
    assert let_go(tmp_path, 2 * 86_400, at=at) == (1, 2)
    assert log.predictions(tmp_path)["id"].to_list() == ["r1-0", "r1-1", "r2-0", "r2-1"]
    assert sorted(log.outcomes(tmp_path)["id"]) == ["r1-0", "r1-1", "r2-0", "r2-1", "stranger"]
    assert log.refused(tmp_path).height == 2
    assert gone_of(tmp_path) == [Gone(day="2026-03-01", release="pump-1", rows=2)]
    assert let_go(tmp_path, 2 * 86_400, at=at) == (0, 0)


def test_nothing_goes_unless_asked_for(tmp_path: Path) -> None:
    """Without a time to keep, days stay for good."""
    lived(tmp_path)
    assert let_go(tmp_path, 0, at=NOON + 10_000 * DAY) == (0, 0)
    assert log.predictions(tmp_path).height == 6


def test_what_was_interrupted_is_done_and_counted_once(tmp_path: Path) -> None:
    """A day that was counted and not yet removed goes with the next look, and its rows are counted once."""
    lived(tmp_path)
    made = log.predictions(tmp_path)
    [first, *_] = sorted((tmp_path / log.PREDICTIONS).iterdir())
    kept = {path.relative_to(tmp_path): path.read_bytes() for path in first.rglob("*.parquet")}
    let_go(tmp_path, 86_400, at=NOON + 5 * DAY // 2)
    for path, content in kept.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(content)
    let_go(tmp_path, 86_400, at=NOON + 5 * DAY // 2)
    assert [one.rows for one in gone_of(tmp_path)] == [2, 2]
    assert log.predictions(tmp_path).equals(made[4:])
