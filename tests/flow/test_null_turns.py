"""The bench of whole runs on shuffled targets, in a small form."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TURNS = 10


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``bench/null.py`` as a module."""
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("bench.null")


def test_luck_is_not_taken_for_learning(bench: Any, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten whole turns on a shuffled target at most one passes a gate; no leak is claimed, and little importance."""
    monkeypatch.setattr(bench, "TRIALS", 3)
    runs = [bench.run("titanic", real_data, seed) for seed in range(200, 200 + TURNS)]
    assert all(set(run["gates"]) == {"roc_auc", "balanced_accuracy", "accuracy"} for run in runs)
    found = bench.counted(runs)
    assert found["any gate of a run"][0] <= 1, found
    assert found["better than a constant"][0] <= 1, found
    assert found["leak suspects"][0] == 0
    times, of = found["columns whose importance lies above 0"]
    assert of >= 3 * TURNS
    assert times <= 0.15 * of


def test_what_is_there_is_not_called_luck(bench: Any, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its target in place the same table passes the gate on order: the test above could fail."""
    monkeypatch.setattr(bench, "TRIALS", 3)
    monkeypatch.setattr(bench, "shuffled", _in_place(bench))
    run = bench.run("titanic", real_data, 200)
    assert run["gates"]["roc_auc"]
    assert run["learnt"]
    assert run["above"] >= 1
    assert not bench.sound(bench.counted([run]))


def _in_place(bench: Any) -> Any:
    def rows(name: str, data: Path, seed: int) -> Any:
        frame, _ = bench.collect(bench.Data(source=bench.TABLES[name].source), {}, data)
        return frame.sample(bench.TABLES[name].rows, seed=seed, shuffle=True)

    return rows
