"""Rebuilding a run from its record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from toy import swap  # type: ignore[import-not-found]

from volvelle.errors import NotFound
from volvelle.flow.reproduce import reproduce
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project


def _silent(event: str, facts: dict[str, Any]) -> None:
    """Say nothing."""


def test_everything_comes_out_again(own: Path) -> None:
    """Data, sides, recipe, model and predictions have the recorded hashes, in the recorded environment."""
    rebuilt, different = reproduce(find(Project(own)), _silent)
    assert [c.what for c in rebuilt] == ["data", "training side", "test side", "recipe", "model", "predictions"]
    assert all(c.same for c in rebuilt)
    assert different == []


def test_from_pinned_data(own: Path, again: Callable[[Path], Result]) -> None:
    """After the CSV and the spec were changed and turned, the first run is still rebuilt from what it pinned."""
    lines = (own / "cells.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (own / "cells.csv").write_text("".join(lines[:400]), encoding="utf-8")
    swap(own, "volvelle.toml", "seed = 3", "seed = 4")
    second = again(own)
    rebuilt, _ = reproduce(find(Project(own), 1), _silent)
    assert all(c.same for c in rebuilt)
    assert second.model.onnx != find(Project(own), 1).model.onnx


def test_opening_is_counted(own: Path) -> None:
    """Rebuilding opens the test side once more, and the ledger says so; nothing else in the project changes."""
    result = find(Project(own))
    before = result.project.ledger.openings(result.split.test), len(result.project.ledger.runs())
    reproduce(result, _silent)
    assert result.project.ledger.openings(result.split.test) == before[0] + 1
    assert len(result.project.ledger.runs()) == before[1]


def test_other_environment_is_named(own: Path) -> None:
    """What differs between the recorded environment and this one is listed."""
    with sqlite3.connect(own / ".volvelle" / "ledger.db") as ledger:
        kept = json.loads(ledger.execute("SELECT environment FROM runs").fetchone()[0])
        ledger.execute("UPDATE runs SET environment = ?", (json.dumps({**kept, "platform": "vms-vax"}),))
    _, different = reproduce(find(Project(own)), _silent)
    assert [(c.what, c.recorded) for c in different] == [("platform", "vms-vax")]


def test_a_different_model_is_seen(own: Path) -> None:
    """If the record names another model than the data and the candidate give, that is what differs, and no more."""
    result = find(Project(own))
    result.__dict__["model"] = msgspec.structs.replace(result.model, onnx="0" * 64)
    rebuilt, _ = reproduce(result, _silent)
    assert [(c.what, c.recorded) for c in rebuilt if not c.same] == [("model", "0" * 64)]


def test_data_are_gone(own: Path) -> None:
    """Without the pinned version there is one clear error with the next move."""
    result = find(Project(own))
    version = result.dataset.version
    (own / ".volvelle" / "objects" / version[:2] / version[2:]).unlink()
    with pytest.raises(NotFound, match=r"is gone\n.*volvelle run"):
        reproduce(result, _silent)
