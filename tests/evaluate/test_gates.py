"""The gates that are not metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from volvelle.catalog import GATES
from volvelle.evaluate.contract import Facts, Side
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
