"""The gates that are not metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from volvelle.catalog import GATES
from volvelle.compiler.prove import NOWHERE
from volvelle.compiler.records import Parity
from volvelle.evaluate.contract import Facts, Side
from volvelle.evaluate.judge import judge
from volvelle.evaluate.measure import measure, value
from volvelle.spec.gates import parse


def regression(rows: int, spread: float, seed: int) -> Side:
    """A model with normal errors of one spread."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=rows)
    return Side(y=y, labels=np.empty(0, dtype=np.int64), scores=(y + spread * rng.normal(size=rows)).reshape(-1, 1))


FACTS = Facts(
    task="regression",
    metric="rmse",
    train=regression(400, 1.0, 0),
    test=regression(200, 2.0, 1),
    model_size=2048,
    parity=3e-7,
    level=0.95,
    seed=0,
)


def test_overfit_gap_is_the_distance_of_the_search_metric() -> None:
    """The gap and its interval are those of the test value, seen from the training value."""
    found = GATES.load("overfit_gap").measure(FACTS)
    train, test = value("rmse", FACTS.train, "regression"), measure("rmse", FACTS.test, "regression")
    assert test.value is not None
    assert test.low is not None
    assert found.value == pytest.approx(test.value - train)
    assert found.low == pytest.approx(test.low - train)
    assert found.sampled


def test_overfit_gap_of_equal_sides_reaches_zero() -> None:
    """Where the test interval holds the training value the gap may be nothing."""
    found = GATES.load("overfit_gap").measure(replace(FACTS, test=FACTS.train))
    assert found.value == 0.0
    assert found.low == 0.0
    assert found.high is not None
    assert found.high > 0.0


def test_overfit_gap_has_no_sign() -> None:
    """A model that is better on the test side by as much has the same gap."""
    one, other = (
        GATES.load("overfit_gap").measure(f) for f in (FACTS, replace(FACTS, train=FACTS.test, test=FACTS.train))
    )
    assert one.value == pytest.approx(other.value)


def test_size_and_parity_are_facts() -> None:
    """Size and parity are handed on as they are, without an interval; parity that is NaN is not measured."""
    assert GATES.load("model_size").measure(FACTS).value == 2048.0
    assert GATES.load("parity").measure(FACTS).value == 3e-7
    broken = GATES.load("parity").measure(replace(FACTS, parity=float("nan")))
    assert broken.value is None
    assert "not a finite number" in broken.note


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("flash <= 64 KiB", 65536.0),
        ("latency <= 5 ms", 0.005),
        ("throughput >= 10 /s", 10.0),
        ("stack <= 100 B", 100.0),
    ],
)
def test_gates_of_the_device_wait_for_a_device(text: str, bound: float) -> None:
    """Their units parse, and without a device in the spec they are not measured and say what to write."""
    gate = parse(text)
    assert gate.bound == bound
    found = GATES.load(gate.name).measure(FACTS)
    assert found.value is None
    assert "names no device: write [device]" in found.note


RIGHT = Parity(where="host", rows=900, label_differences=0, largest=4e-7)
WRONG = {
    "37 of 900 rows with another label": {"label_differences": 37, "largest": 0.0},
    "other bits than this machine gave": {"same": False, "largest": 0.0},
    "a number 2e-05 off": {"largest": 2e-5},
    "a number nan off": {"largest": float("nan")},
}


@pytest.mark.parametrize("words", WRONG)
@pytest.mark.parametrize("line", ["parity <= 1e-5", "parity <= 1e9", "parity >= 0"])
def test_no_bound_makes_good_c_that_answers_otherwise(line: str, words: str) -> None:
    """One comparison of several that differs fails the gate by its own sentence, whatever the bound is."""
    wrong = structs.replace(RIGHT, where="emulated core", **WRONG[words])
    there = structs.replace(NOWHERE, device="cortex-m0", parity=(RIGHT, wrong))
    verdict = judge(parse(line), GATES.load("parity").measure(replace(FACTS, footprint=there)))
    assert verdict.verdict == "fail"
    assert verdict.reason.startswith("the C for cortex-m0 answers otherwise than the ONNX file: emulated core: ")
    assert words in verdict.reason


def test_c_that_agrees_is_held_against_the_bound() -> None:
    """The largest difference of library, file and C decides; a footprint that compared nothing is no agreement."""
    there = structs.replace(NOWHERE, device="cortex-m0", parity=(RIGHT,))
    found = GATES.load("parity").measure(replace(FACTS, footprint=there))
    assert (found.value, found.refuted) == (4e-7, False)
    assert judge(parse("parity <= 3.5e-7"), found).verdict == "fail"
    assert judge(parse("parity <= 1e-6"), found).verdict == "pass"
    bare = GATES.load("parity").measure(replace(FACTS, footprint=structs.replace(there, parity=())))
    assert (bare.refuted, "nothing was compared" in bare.note) == (True, True)
