"""The device part of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse
from volvelle.ui.device import placed
from volvelle.ui.report import MOST_BYTES, render

SPEC = """
problem.target = "Survived"
data.source = "{source}"
data.ignore = ["PassengerId", "Name", "Ticket", "Cabin"]
require.gates = ["flash <= 8 KiB", "ram <= 8 B"]
search = {{ trials = 1, estimators = ["logistic"], ensemble = false }}
device = {{ core = "microbit" }}
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Result:
    """A run on a board whose memory gate is too narrow."""
    project = Project(tmp_path_factory.mktemp("device"))
    spec = parse(SPEC.format(source=real_data / "tabular" / "titanic.csv.gz"))
    return find(project, turn(project, spec, lambda event, facts: None).run)


def test_the_report_shows_memory_cost_and_parity(result: Result) -> None:
    """What the gates allow is the track, the clock is the board's, and each proof has its row."""
    facts = placed(result)["device"]
    told = dict(facts["facts"])
    assert told["Device"] == "microbit (cortex-m4f)"
    assert "at 64 MHz, an estimate" in told["Latency"]
    assert "of 8.0 KiB" in facts["figures"][0]["svg"]
    assert 'class="f2"' in facts["figures"][0]["svg"], "the overrun memory stands out"
    assert [row[0] for row in facts["parity"]][-1] == "emulated core"
    assert {row[2] for row in facts["parity"]} == {"0"}
    text = render(result)
    assert '<h2 id="device">' in text
    assert len(text.encode()) < MOST_BYTES
