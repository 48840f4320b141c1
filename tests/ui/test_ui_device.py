"""The device part of the report."""

from __future__ import annotations

from volvelle.flow.result import Result
from volvelle.ui.device import placed
from volvelle.ui.report import MOST_BYTES, render


def test_the_report_shows_memory_cost_and_parity(device: Result) -> None:
    """What the gates allow is the track, the clock is the board's, and each proof has its row."""
    facts = placed(device)["device"]
    told = dict(facts["facts"])
    assert told["Device"] == "microbit (cortex-m4f)"
    assert "at 64 MHz, an estimate" in told["Latency"]
    assert told.get("Smallest within one standard error") == told.get("Best that fits"), "there is one candidate"
    assert "of 8.0 KiB" in facts["figures"][0]["svg"]
    assert 'class="f2"' in facts["figures"][0]["svg"], "the overrun memory stands out"
    assert [row[0] for row in facts["parity"]][-1] == "emulated core"
    assert {row[2] for row in facts["parity"]} == {"0"}
    assert [row[4] for row in facts["parity"]] == ["\N{EN DASH}"] * (len(facts["parity"]) - 1) + ["the same"]
    assert {row[5] for row in facts["parity"]} == {""}
    text = render(device)
    assert '<h2 id="device">' in text
    assert '<th scope="col">Bits of this machine</th>' in text
    assert "<td>the same</td><td>yes</td>" in text
    assert len(text.encode()) < MOST_BYTES


def test_a_network_in_whole_numbers_stands_beside_the_same_in_real_ones(whole: Result) -> None:
    """The C of an int8 network agrees, and the report tells its quality and cost beside those of the float one."""
    assert {v.verdict for v in whole.evidence.verdicts} == {"pass"}
    (trial,) = whole.searched.trials
    (shipped,) = [p for p in whole.evidence.front if p.shipped]
    assert shipped.form == "int8, 50 % of the weights"
    assert abs(trial.real["score"] - (trial.score or 0)) < 0.02
    rows = placed(whole)["device"]["beside"]
    assert [row[0].partition(":")[0] for row in rows] == [
        shipped.form,
        "the same in float32",
        "the same with all its weights",
    ]
    assert min(told["flash"] for told in (trial.real, trial.unpruned, trial.foretold)) > 0
    titles = [figure["title"] for figure in placed(whole)["device"]["figures"]]
    assert titles == ["Memory of the device", "What each part costs", "Working memory over one row"]
    assert all(f"<strong>{title}</strong>" in render(whole) for title in titles)
    assert "the same in float32" in render(whole)
    assert "the same with all its weights" in render(whole)
    assert trial.unpruned["score"] > 0.5
