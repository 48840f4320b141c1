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
    assert told["Smallest within one standard error"] == told["Best that fits"], "there is one candidate"
    assert "of 8.0 KiB" in facts["figures"][0]["svg"]
    assert 'class="f2"' in facts["figures"][0]["svg"], "the overrun memory stands out"
    assert [row[0] for row in facts["parity"]][-1] == "emulated core"
    assert {row[2] for row in facts["parity"]} == {"0"}
    text = render(result)
    assert '<h2 id="device">' in text
    assert len(text.encode()) < MOST_BYTES


WHOLE = """
problem.target = "Survived"
data.source = "{source}"
data.ignore = ["PassengerId", "Name", "Ticket", "Cabin"]
require.gates = ["flash <= 64 KiB", "parity <= 1e-5"]
device = {{ core = "cortex-m0" }}
[search]
method = "manual"
ensemble = false
folds = 3
candidates = [{{ estimator = "mlp", settings = {{ units = 64, bits = 8 }} }}]
"""


def test_a_network_in_whole_numbers_stands_beside_the_same_in_real_ones(tmp_path: Path, real_data: Path) -> None:
    """The C of an int8 network agrees, and the report tells its quality and cost beside those of the float one."""
    project = Project(tmp_path)
    spec = parse(WHOLE.format(source=real_data / "tabular" / "titanic.csv.gz"))
    found = find(project, turn(project, spec, lambda event, facts: None).run)
    assert {v.verdict for v in found.evidence.verdicts} == {"pass"}
    (trial,) = found.searched.trials
    (shipped,) = [p for p in found.evidence.front if p.shipped]
    assert shipped.form == "int8"
    assert abs(trial.real["score"] - (trial.score or 0)) < 0.02
    rows = placed(found)["device"]["beside"]
    assert [row[0].partition(":")[0] for row in rows] == [shipped.form, "the same in float32"]
    assert trial.real["flash"] > trial.foretold["flash"] > 0
    titles = [figure["title"] for figure in placed(found)["device"]["figures"]]
    assert titles == ["Memory of the device", "What each part costs", "Working memory over one row"]
    assert all(f"<strong>{title}</strong>" in render(found) for title in titles)
    assert "the same in float32" in render(found)
