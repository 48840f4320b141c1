"""The cache, over every kind of change that the bench knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """What the bench found."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.cache", "--json"], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_kinds_are_many_and_real(judged: dict[str, Any]) -> None:
    """At least 30 kinds of change are judged, and each changes what the toy stages compute, or not, as it says."""
    assert judged["kinds"] >= 30
    assert judged["astray"] == []


def test_never_stale(judged: dict[str, Any]) -> None:
    """After no kind of change does a turn hand on what an empty project would not compute."""
    assert [row["kind"] for row in judged["rows"] if row["stale"]] == []


def test_never_needless(judged: dict[str, Any]) -> None:
    """After no kind of change is a stage computed that had the same input and gives the same output."""
    assert [row["kind"] for row in judged["rows"] if row["needless"]] == []
