"""Runs that are killed at any instant, and go on."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flow_project import done, project, start  # type: ignore[import-not-found]

from volvelle.flow.result import find
from volvelle.flow.turn import Project

KILLS = 30


class Artefacts(NamedTuple):
    """What must come out the same."""

    model: str
    predictions: str
    trials: tuple[Any, ...]


def _artefacts(folder: Path) -> Artefacts:
    result = find(Project(folder))
    trials = tuple((t.number, t.estimator, t.settings, t.status, t.score, t.spread) for t in result.searched.trials)
    return Artefacts(result.model.onnx, result.scored.digest, trials)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Artefacts, float]:
    """A run that nothing disturbs, and its seconds."""
    folder = project(tmp_path_factory.mktemp("whole"))
    began = time.monotonic()
    done(folder, "run", "--json")
    return _artefacts(folder), time.monotonic() - began


def _workers(place: Path) -> list[str]:
    """Command lines of living processes that name a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(bytes(place)) for word in words):
            found.append(b" ".join(words).decode())
    return found


def _gone(place: Path) -> bool:
    """Whether no process is left, given a moment."""
    for _ in range(100):
        if not _workers(place):
            return True
        time.sleep(0.1)
    return False


def _unfinished(folder: Path) -> list[Any]:
    """Trials that a killed search left."""
    with sqlite3.connect(folder / ".volvelle" / "ledger.db") as ledger:
        kept = ledger.execute("SELECT value FROM memory WHERE kind = 'journal'").fetchone()
    return list(json.loads(kept[0])["entries"]) if kept else []


@pytest.mark.slow
@pytest.mark.parametrize("instant", range(KILLS))
def test_killed_and_resumed(instant: int, uninterrupted: tuple[Artefacts, float], tmp_path: Path) -> None:
    """A run killed at an instant goes on to identical artefacts, repeats nothing finished and leaves nothing behind."""
    whole, seconds = uninterrupted
    share = (instant + random.Random(instant).random()) / KILLS
    folder, temporary = project(tmp_path / "project"), tmp_path / "temporary"
    process = start(folder, "run", "--json", temporary=temporary)
    time.sleep(seconds * share)
    process.kill()
    process.communicate()
    state = folder / ".volvelle" / "ledger.db"
    begun = state.exists() and state.stat().st_size > 0
    trials = _unfinished(folder) if begun and _has_tables(state) else []
    assert _gone(temporary)

    done(folder, "run", "--json", temporary=temporary)
    assert _artefacts(folder) == whole
    result = find(Project(folder))
    found = result.searched.trials
    assert [t["seconds"] for t in trials] == [t.seconds for t in found[: len(trials)]]
    with sqlite3.connect(state) as ledger:
        counts = dict(ledger.execute("SELECT stage, count(*) FROM traces GROUP BY stage"))
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(counts) == len(result.steps)
    assert set(counts.values()) == {1}
    assert _gone(temporary)
    assert list(temporary.glob("volvelle-*")) == []


def _has_tables(state: Path) -> bool:
    with sqlite3.connect(state) as ledger:
        return bool(ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'memory'").fetchone())
