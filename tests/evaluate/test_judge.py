"""Verdicts: pass, fail, not proven, not measured."""

from __future__ import annotations

import numpy as np
import pytest

from volvelle.evaluate.contract import Side
from volvelle.evaluate.judge import judge, meets
from volvelle.evaluate.measure import measure
from volvelle.evaluate.records import Measured
from volvelle.spec.gates import parse


def seen(value: float | None, low: float | None = None, high: float | None = None, rows: int = 100) -> Measured:
    """An estimate from rows."""
    return Measured(value=value, low=low, high=high, rows=rows, sampled=True)


@pytest.mark.parametrize(
    ("gate", "measured", "verdict", "shortfall"),
    [
        ("recall >= 0.8", seen(0.9, 0.85, 0.95), "pass", None),
        ("recall >= 0.8", seen(0.9, 0.8, 0.95), "pass", None),
        ("recall > 0.8", seen(0.9, 0.8, 0.95), "not proven", None),
        ("recall >= 0.8", seen(0.82, 0.75, 0.9), "not proven", None),
        ("recall >= 0.8", seen(0.7, 0.6, 0.85), "fail", 0.1),
        ("recall > 0.8", seen(0.8, 0.7, 0.9), "fail", 0.0),
        ("recall >= 0.8", seen(None), "not measured", None),
        ("recall >= 0.8", seen(float("nan")), "not measured", None),
        ("recall >= 0.8", seen(0.9), "not proven", None),
        ("rmse <= 3", seen(2.0, 1.5, 2.9), "pass", None),
        ("rmse <= 3", seen(2.0, 1.5, 3.1), "not proven", None),
        ("rmse <= 3", seen(3.5, 2.5, 4.0), "fail", 0.5),
        ("accuracy == 1", seen(1.0, 0.9, 1.0), "not proven", None),
        ("model_size <= 64 KiB", Measured(value=65536.0), "pass", None),
        ("model_size <= 64 KiB", Measured(value=65537.0), "fail", 1.0),
        ("model_size < 64 KiB", Measured(value=65536.0), "fail", 0.0),
        ("flash <= 64 KiB", Measured(value=None, note="no compiler"), "not measured", None),
    ],
)
def test_verdicts(gate: str, measured: Measured, verdict: str, shortfall: float | None) -> None:
    """Value, interval and bound decide, and only a miss has a shortfall."""
    found = judge(parse(gate), measured)
    assert found.verdict == verdict
    assert found.shortfall == (shortfall if shortfall is None else pytest.approx(shortfall))
    assert found.gate == gate
    assert found.reason or verdict == "pass"


@pytest.mark.parametrize("comparison", [">=", "<=", "=="])
def test_rounding_does_not_decide(comparison: str) -> None:
    """A value that differs from the bound by rounding alone meets it, and does not exceed it."""
    value = 0.1 + 0.2
    assert value != 0.3
    assert meets(value, comparison, 0.3)
    assert not meets(value, "<", 0.3)
    assert not meets(value, ">", 0.3)
    assert meets(0.0, "==", 0.0)


def test_twenty_of_twenty_is_not_proven() -> None:
    """All of 20 rows right does not prove accuracy >= 0.95; all of 100 does."""
    for rows, verdict in ((20, "not proven"), (100, "pass")):
        y = np.arange(rows) % 2
        found = measure("accuracy", Side(y=y, labels=y, scores=np.eye(2)[y]), "binary")
        assert judge(parse("accuracy >= 0.95"), found).verdict == verdict


def test_reason_says_how_many_rows_would_settle_it() -> None:
    """The interval shrinks with the square root of the rows: twice the reach needs four times the rows."""
    found = judge(parse("recall >= 0.8"), seen(0.85, 0.75, 0.92, rows=1000))
    assert "about 4,000 rows instead of 1,000" in found.reason
    assert "0.750 to 0.920" in found.reason


def test_value_on_the_bound_is_never_settled() -> None:
    """A true value on the bound cannot be proven with more rows, and the reason says so."""
    found = judge(parse("recall >= 0.8"), seen(0.8, 0.75, 0.85))
    assert found.verdict == "not proven"
    assert "no number of rows" in found.reason


def test_shortfall_is_in_the_reason() -> None:
    """The reason of a failure names value, bound and how much is missing, in units for people."""
    found = judge(parse("model_size <= 64 KiB"), Measured(value=65536.0 + 2048))
    assert found.reason == "66.0 KiB misses <= 64.0 KiB by 2.0 KiB"
    assert found.slice == ""
    assert found.unit == "KiB"
