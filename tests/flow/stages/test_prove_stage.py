"""The device in the wheel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from volvelle.errors import InputError, NotFound
from volvelle.flow import registry
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse
from volvelle.ui.device import placed

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


FOREST = """
problem = {{ target = "y", positive = "yes" }}
data.source = "t.csv"
require.gates = {gates}
device = {{ core = "cortex-m4f", {goal} }}
search = {{ method = "manual", folds = 2, calibrate = "none", candidates = [{{ estimator = "random_forest", \
settings = {{ trees = 10, depth = 5 }} }}] }}
"""


def test_the_c_is_written_for_what_the_gates_need(tmp_path: Path) -> None:
    """A forest is written small; where that is late and there is flash, for speed, from forecast to release."""
    random = np.random.default_rng(3)
    x = random.normal(size=(300, 3)).round(3)
    rows = [f"{a},{b},{c},{'yes' if a * b > 0 else 'no'}" for a, b, c in x]
    (tmp_path / "t.csv").write_text("a,b,c,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
    project, found = Project(tmp_path), {}
    late = ["flash <= 64 KiB", "instructions <= 800"]
    for gates, goal in (
        (late[:1], 'goal = "auto"'),
        (late, 'goal = "auto"'),
        (["flash <= 2 KiB", late[1]], 'goal = "auto"'),
        (late, 'goal = "size"'),
        (late[:1], 'goal = "speed"'),
    ):
        spec = parse(FOREST.format(gates=[*gates], goal=goal).replace("'", '"'))
        result = find(project, turn(project, spec, lambda event, facts: None).run)
        found[gates[0], len(gates), goal[8:-1]] = result
    assert {key: r.footprint.goal for key, r in found.items() if r.footprint} == {
        ("flash <= 64 KiB", 1, "auto"): "size",
        ("flash <= 64 KiB", 2, "auto"): "speed",
        ("flash <= 2 KiB", 2, "auto"): "size",
        ("flash <= 64 KiB", 2, "size"): "size",
        ("flash <= 64 KiB", 1, "speed"): "speed",
    }
    fast = found["flash <= 64 KiB", 2, "auto"]
    assert {v.verdict for v in fast.evidence.verdicts} == {"pass"}
    assert [t.fits for t in fast.searched.trials] == [True]
    assert found["flash <= 64 KiB", 2, "size"].searched.trials[0].fits is False
    assert ("Written for", "few instructions") in placed(fast)["device"]["facts"]
    folder = registry.release(fast, b"report").folder / "device"
    assert json.loads((folder / "footprint.json").read_bytes())["goal"] == "speed"
    assert "static void tree" in (folder / "model.c").read_text(), "nested ifs"
