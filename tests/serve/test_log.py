"""The live log keeps every row exactly once, whatever happens between the journal and its Parquet."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from volvelle.model.signature import Feature, Signature
from volvelle.serve import log
from volvelle.serve.journal import JOURNALS, Journal
from volvelle.serve.records import Answered, Outcome

NOON = 1_772_366_400_000_000
"""2026-03-01 12:00 UTC in microseconds."""


def answered(number: int, rows: int = 2, *, at: int = NOON, release: str = "pump-1") -> Answered:
    """One request of rows with a number, a site and a flag."""
    cells = [(number + k / 10, "north", None) for k in range(rows)]
    return given(f"r{number}", ("heat", "site", "role"), cells, at=at, release=release)


def given(name: str, names: tuple[str, ...], cells: list[Any], *, at: int = NOON, release: str = "pump-1") -> Answered:
    """A request of these cells, all of which got the same answer."""
    scores = np.array([[0.75, 0.25]] * len(cells), dtype="<f4").tobytes()
    rows = msgspec.Raw(msgspec.json.encode({"columns": names, "data": cells}))
    said = {"predictions": ["no"] * len(cells), "scores": scores, "us": 90}
    return Answered(id=name, at=at, release=release, role="champion", rows=rows, **said)  # type: ignore[arg-type]


def journal_of(live: Path, *entries: Answered | Outcome, worker: str = "w0") -> None:
    """A closed journal with these entries."""
    journal = Journal(live, worker)
    for entry in entries:
        journal.append(entry)
    journal.close()
    assert journal.lost == 0


def test_rows_come_back(tmp_path: Path) -> None:
    """What a worker hands over comes back with its times, by day and release, and nothing is left in the journal."""
    journal_of(tmp_path, answered(1), answered(2, at=NOON + 86_400_000_000), Outcome(id="r1-0", at=NOON, outcome=1))
    assert (settled := log.settle(tmp_path)).predictions == 4
    assert (settled.journals, settled.outcomes, settled.torn) == (1, 1, 0)
    rows = log.predictions(tmp_path)
    assert rows.columns == [
        *("id", "at", "release", "role", "heat", "site", "row.role", "prediction", "score_0", "score_1", "us")
    ]
    assert rows["id"].to_list() == ["r1-0", "r1-1", "r2-0", "r2-1"]
    assert rows["at"][0] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert rows["heat"].to_list() == [1.0, 1.1, 2.0, 2.1]
    assert log.outcomes(tmp_path).rows() == [("r1-0", datetime(2026, 3, 1, 12, tzinfo=UTC), "1")]
    assert not list((tmp_path / JOURNALS).iterdir())
    assert len(log.predictions(tmp_path, since=datetime(2026, 3, 2, tzinfo=UTC))) == 2
    assert len(log.predictions(tmp_path, until=datetime(2026, 3, 2, tzinfo=UTC), release="pump-1")) == 2
    assert log.predictions(tmp_path, role="shadow").is_empty()
    assert log.predictions(tmp_path, release="pump-2").is_empty()


def test_features_are_settled_by_their_kinds(tmp_path: Path) -> None:
    """Cells of several JSON types become one column of the feature's kind."""
    kinds = (("n", "number"), ("c", "category"), ("b", "boolean"), ("t", "time"))
    features = tuple(Feature(name=name, kind=kind) for name, kind in kinds)  # type: ignore[arg-type]
    log.remember(tmp_path, "pump-1", Signature(features=features, target="y", task="binary"))
    rows: list[Any] = [("1.5", 3.0, "yes", 60), (2, None, False, 0), ("NA", 4.0, None, None)]
    journal_of(tmp_path, given("r", ("n", "c", "b", "t"), rows))
    log.settle(tmp_path)
    found = log.predictions(tmp_path)
    assert found["n"].to_list() == [1.5, 2.0, None]
    assert found["c"].to_list() == ["3", None, "4"]
    assert found["b"].to_list() == [True, False, None]
    assert found["t"].dt.timestamp("ms").to_list() == [60_000, 0, None]


def test_a_day_is_one_file_that_grows(tmp_path: Path) -> None:
    """Journals of one day and release are joined in one file, in the order in which they came."""
    for number in range(5):
        journal_of(tmp_path, answered(number))
        log.settle(tmp_path)
    assert len(list((tmp_path / log.PREDICTIONS).rglob("*.parquet"))) == 1
    assert log.predictions(tmp_path)["id"].to_list() == [f"r{n}-{k}" for n in range(5) for k in range(2)]


def test_a_full_file_makes_room_for_another(tmp_path: Path) -> None:
    """A file that has 50,000 rows grows no more; the next rows go into another, and all are read in order."""
    for number in range(3):
        journal_of(tmp_path, answered(number, rows=30_000, at=NOON + number))
        log.settle(tmp_path)
    sizes = sorted(pl.read_parquet(path).height for path in (tmp_path / log.PREDICTIONS).rglob("*.parquet"))
    assert sizes == [30_000, 60_000]
    assert log.predictions(tmp_path)["id"].to_list() == [f"r{n}-{k}" for n in range(3) for k in range(30_000)]
    journal_of(tmp_path, *(Outcome(id=f"r0-{k}", at=NOON, outcome="no") for k in range(60_000)))
    log.settle(tmp_path)
    journal_of(tmp_path, Outcome(id="r1-0", at=NOON, outcome="no"))
    log.settle(tmp_path)
    assert len(list((tmp_path / log.OUTCOMES).rglob("*.parquet"))) == 2
    assert log.outcomes(tmp_path).height == 60_001


@pytest.mark.parametrize("step", ["write", "unlink"])
def test_a_kill_between_journal_and_parquet(tmp_path: Path, step: str) -> None:
    """A settling that is killed before or after a file is replaced is made whole by the next: every row once."""
    journal_of(tmp_path, answered(1), Outcome(id="r1-0", at=NOON, outcome="no"))
    log.settle(tmp_path)
    journal_of(tmp_path, answered(2), Outcome(id="r2-0", at=NOON, outcome="no"))
    code = f"""
        import os, signal
        from pathlib import Path
        from volvelle.serve import log, parquet
        def die(*a, **k):
            os.kill(os.getpid(), signal.SIGKILL)
        {"parquet.write = die" if step == "write" else "Path.unlink = die"}
        log.settle(Path({str(tmp_path)!r}))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    log.settle(tmp_path)
    assert log.predictions(tmp_path)["id"].to_list() == ["r1-0", "r1-1", "r2-0", "r2-1"]
    assert log.outcomes(tmp_path)["id"].to_list() == ["r1-0", "r2-0"]


def test_a_killed_worker_leaves_what_it_wrote(tmp_path: Path) -> None:
    """The journal of a worker that was killed is taken up, its unfinished line counted; that of a living one waits."""
    living = Journal(tmp_path, "living", span=600)
    living.append(answered(1))
    living.flush()
    code = f"""
        import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_log import *
        journal = Journal(Path({str(tmp_path)!r}), "dying")
        journal.append(answered(2)); journal.flush()
        os.write(journal._file, b'{{"id": "r3')
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=os.environ, check=False)
    settled = log.settle(tmp_path)
    assert (settled.predictions, settled.torn) == (2, 1)
    assert log.predictions(tmp_path)["id"].to_list() == ["r2-0", "r2-1"]
    living.close()
    assert log.settle(tmp_path).predictions == 2


def test_a_torn_file_is_set_aside(tmp_path: Path) -> None:
    """A Parquet file that was cut short is renamed and counted; rows before and after it are still read."""
    journal_of(tmp_path, answered(1))
    log.settle(tmp_path)
    [path] = (tmp_path / log.PREDICTIONS).rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    journal_of(tmp_path, answered(2))
    assert log.settle(tmp_path).torn == 1
    assert log.predictions(tmp_path)["id"].to_list() == ["r2-0", "r2-1"]
    [path] = (tmp_path / log.PREDICTIONS).rglob("*.parquet")
    path.write_bytes(b"PAR1")
    assert log.predictions(tmp_path).is_empty()
    assert len(log.torn(tmp_path)) == 2


def test_a_full_disk_is_counted(tmp_path: Path) -> None:
    """A journal that may not grow loses whole rows, counts them, and goes on when there is room again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(tmp_path, "w0", pause=60)
    try:
        journal.append(answered(1))
        journal.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
        journal.append(answered(2, rows=50))
        journal.flush()
        assert journal.lost == 50
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    journal.append(answered(3))
    journal.close()
    assert log.settle(tmp_path).torn == 0
    assert log.predictions(tmp_path)["id"].to_list() == ["r1-0", "r1-1", "r3-0", "r3-1"]


def test_a_disk_that_does_not_answer_costs_rows_not_memory(tmp_path: Path) -> None:
    """Rows beyond what may wait are counted as lost; handing over never raises."""
    journal = Journal(tmp_path, "w0", pause=60)
    # The writing thread waits here as it would wait for a disk.
    with journal._turn:
        for number in range(12):
            journal.append(answered(number, rows=10_000))
        assert journal.lost == 10_000
    journal.close()


def test_a_clock_that_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two journals of one nanosecond do not meet in one file."""
    monkeypatch.setattr(time, "time_ns", lambda: NOON * 1000)
    journal_of(tmp_path, answered(2))
    journal_of(tmp_path, answered(1, at=NOON - 1))
    assert log.settle(tmp_path).journals == 2
    assert log.predictions(tmp_path)["id"].to_list() == ["r1-0", "r1-1", "r2-0", "r2-1"]


def test_a_batch_is_logged_once(tmp_path: Path) -> None:
    """The same batch twice is one batch; ids are those of a column `id`, or made."""
    rows = pl.DataFrame({"heat": [1.0, 2.0], "id": ["a", "b"]})
    answers = pl.DataFrame({"prediction": ["no", "yes"], "probability_no": [0.9, 0.2], "probability_yes": [0.1, 0.8]})
    at = datetime(2026, 3, 1, tzinfo=UTC)
    for _ in range(2):
        log.record(tmp_path, rows, answers, release="pump-1", at=at)
    log.record(tmp_path, rows.drop("id"), answers, release="pump-1", at=at)
    found = log.predictions(tmp_path)
    assert found["id"].to_list()[:2] == ["a", "b"]
    assert found.height == 4
    assert found["score_1"].to_list() == [pytest.approx(0.1), pytest.approx(0.8)] * 2
    assert found["role"].unique().to_list() == ["champion"]
