"""The device in the wheel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from volvelle.errors import InputError, NotFound
from volvelle.flow import registry
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse

SPEC = """
problem.target = "Machine failure"
problem.positive = "1"
data.source = "{source}"
data.ignore = ["UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"]
require.gates = ["flash <= {flash} KiB", "ram <= 1 KiB", "stack <= 1 KiB", "latency <= 5 ms", "parity <= 1e-5"]
search.trials = 1
search.estimators = ["decision_tree"]
search.ensemble = false
device.core = "{core}"
device.clock = "80 MHz"
"""


def test_gates_on_the_device_are_measured(real_data: Path, tmp_path: Path) -> None:
    """Preparation and model on a real table run on the emulated core with no label different on any test row."""
    source = real_data / "tabular" / "ai4i2020.csv.gz"
    project, heard = Project(tmp_path), []
    for flash in (64, 0.25):
        spec = parse(SPEC.format(source=source, flash=flash, core="cortex-m4f"))
        result = find(project, turn(project, spec, lambda event, facts: heard.append((event, facts))).run)
        verdicts = {v.name: v.verdict for v in result.evidence.verdicts}
        assert verdicts.pop("flash") == ("pass" if flash == 64 else "fail")
        assert set(verdicts.values()) == {"pass"}
    found = result.footprint
    assert found is not None
    assert found.device == "cortex-m4f"
    host = next(p for p in found.parity if p.where == "host")
    assert (host.rows >= result.evidence.rows_test, host.label_differences) == (True, 0)


def test_a_device_that_does_not_exist_is_refused_before_the_search(real_data: Path, tmp_path: Path) -> None:
    """A misspelt core costs seconds, not the budget."""
    source = real_data / "tabular" / "ai4i2020.csv.gz"
    project = Project(tmp_path)
    with pytest.raises(NotFound, match="no device is called"):
        turn(project, parse(SPEC.format(source=source, flash=1, core="cortex-m44")), lambda event, facts: None)


def test_a_release_holds_what_was_proven(real_data: Path, tmp_path: Path) -> None:
    """The evidence names the tools and the parity of the core, and the release holds the C with its footprint."""
    source = real_data / "tabular" / "ai4i2020.csv.gz"
    project = Project(tmp_path)
    spec = parse(SPEC.format(source=source, flash=64, core="cortex-m4f"))
    result = find(project, turn(project, spec, lambda event, facts: None).run)
    folder = registry.release(result, b"report", accept_unproven="a test").folder
    told = json.loads((folder / "evidence.json").read_bytes())["footprint"]
    assert {p["where"] for p in told["parity"]} >= {"host", "emulated core"}
    assert (told["compiler"].split()[0], told["emulator"].split()[0]) == ("zig", "unicorn")
    assert {"model.c", "model.h", "test_model.c", "footprint.json"} <= {p.name for p in (folder / "device").iterdir()}
    assert told["onnx"] in (folder / "device" / "model.h").read_text()
    (folder / "device" / "model.c").write_text("int changed;")
    with pytest.raises(InputError, match=r"device/model\.c was changed"):
        registry.champion(project)
