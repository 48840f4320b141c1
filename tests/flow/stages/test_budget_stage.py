"""A search under the budget of a device, from the spec to the footprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project, turn
from volvelle.spec.read import parse
from volvelle.ui.report import render
from volvelle.ui.terminal import front

SPEC = """
problem.target = "Machine failure"
problem.positive = "1"
data.source = "{source}"
data.ignore = ["UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"]
prepare.pairs = "none"
require.gates = {gates}
search = {{ trials = 6, folds = 3, metric = "pr_auc", estimators = ["constant", "decision_tree", "lightgbm"] }}
{device}
"""


def run(project: Project, source: Path, device: str, *gates: str) -> tuple[Result, list[str]]:
    """A result, and the stages that were computed for it."""
    computed: list[str] = []

    def heard(event: str, facts: dict[str, Any]) -> None:
        if event == "stage" and facts["state"] == "start":
            computed.append(facts["stage"])

    spec = parse(SPEC.format(source=source, gates=[*gates], device=device).replace("'", '"'))
    return find(project, turn(project, spec, heard).run), computed


def test_the_search_keeps_to_the_device(real_data: Path, tmp_path: Path) -> None:
    """The default booster does not fit, smaller ones are tried, and what is chosen takes no more than there is."""
    source, project = real_data / "tabular" / "ai4i2020.csv.gz", Project(tmp_path)
    device = 'device = { core = "cortex-m4f", flash = "6 KiB", ram = "1 KiB" }'
    result, _ = run(project, source, device, "pr_auc >= 0.5")
    boosted = [t for t in result.searched.trials if t.estimator == "lightgbm"]
    assert boosted[0].fits is False
    assert any(t.fits for t in boosted[1:])
    assert all("trees" in t.settings for t in boosted[1:])
    verdicts = {v.gate: v for v in result.evidence.verdicts}
    assert verdicts["flash <= 6 KiB"].verdict == verdicts["ram <= 1 KiB"].verdict == "pass", "the device's own memory"
    found = result.evidence.constrained
    assert found is not None
    assert found.within is not None
    assert found.candidates > found.fitting > 0
    assert result.footprint is not None
    assert abs(result.footprint.flash - (found.within.flash or 0)) < 1000
    text = front(result.evidence)
    assert "flash" in text.splitlines()[1]
    page = render(result)
    assert ">KiB of flash<" in page
    assert "Best that fits" in page
    # Another floor of quality leaves the budget as it is, and searches nothing again.
    again, computed = run(project, source, device, "pr_auc >= 0.99")
    assert "search" not in computed
    assert "budget" in computed
    assert again.evidence.constrained is not None
    assert any("is what fits" in line for line in again.evidence.constrained.relax)
    assert "is what fits" in render(again)


def test_without_a_device_nothing_of_it_is_read_or_kept(real_data: Path, tmp_path: Path) -> None:
    """No trial is foretold, and neither the compiler nor the gates are among what the search depends on."""
    source, project = real_data / "tabular" / "ai4i2020.csv.gz", Project(tmp_path)
    result, _ = run(project, source, "", "pr_auc >= 0.5")
    assert all(not t.foretold and t.fits is None for t in result.searched.trials)
    assert result.evidence.constrained is None
    assert b"foretold" not in msgspec.json.encode(result.searched)
    assert b"flash" not in msgspec.json.encode(result.evidence)
    roots = {row.name: row for row in turn(project, result.spec, lambda event, facts: None).stages}
    assert roots["search"].reused
    stage = project.code.closure("volvelle.flow.stages.search:search")
    assert not [name for name in stage.files if "compiler.ops" in name or "compiler.sources" in name]
