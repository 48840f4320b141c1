"""A server that watches itself: the wheel turns beside it, and not one request is lost while the champion changes."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.flow.live_project import SPEC, answer, pumps, released
from tests.serve.serving import served

from volvelle.flow.decisions import decisions


def test_the_wheel_turns_beside_the_server(tmp_path: Path) -> None:
    """A lost gate in the log makes --auto retrain; the challenger answers soon after, and no request fails."""
    folder = tmp_path / "project"
    project, spec = released(folder, SPEC)
    answer(project, spec, pumps(800, seed=1, cut=25.0, start=10_000))
    statuses: list[int] = []
    names: list[str] = []
    with served(folder, "--auto") as server:
        end = time.monotonic() + 240
        while time.monotonic() < end and len(set(names)) < 2:
            said = server.ask("/v1/predict", {"heat": 40.0, "site": "n"})
            statuses.append(said.status)
            names.append(said.json["release"])
            time.sleep(0.1)
        told = server.ask("/metrics").body.decode()
    assert re.search(r'volvelle_watch_state\{release="pumps-\d+"\} [0-4]$', told, re.MULTILINE)
    assert "volvelle_watch_windows{" in told
    assert set(statuses) == {200}
    [decision] = decisions(project.ledger)
    assert decision.outcome == "promoted"
    assert names[0] == "pumps-1"
    assert names[-1] == decision.release
