"""The decision between champion and challenger, from what was measured of both."""

from __future__ import annotations

import pytest

from volvelle.evaluate.records import Measured, Verdict
from volvelle.flow.retraining import decide

GATE = "accuracy >= 0.8"


def verdict(kind: str, value: float | None = 0.9, low: float | None = None, high: float | None = None) -> Verdict:
    return Verdict(
        gate=GATE,
        name="accuracy",
        slice="",
        comparison=">=",
        bound=0.8,
        unit="",
        verdict=kind,  # type: ignore[arg-type]
        value=value,
        low=low,
        high=high,
    )


PASSES, FAILS, OPEN = verdict("pass", 0.9, 0.85, 0.95), verdict("fail", 0.7, 0.65, 0.75), verdict("not proven", 0.81)


def gain(value: float, low: float, high: float) -> Measured:
    return Measured(value=value, low=low, high=high, rows=500, sampled=True)


CASES = {
    "better with confidence": ("accuracy", gain(0.05, 0.01, 0.09), PASSES, PASSES, 0.0, True, "better with confidence"),
    "not surely better": ("accuracy", gain(0.05, -0.01, 0.1), PASSES, PASSES, 0.0, False, "not better with confidence"),
    "surely worse": ("accuracy", gain(-0.05, -0.1, -0.01), PASSES, PASSES, 0.0, False, "worse with confidence"),
    "a lower loss is better": ("log_loss", gain(-0.05, -0.1, -0.01), PASSES, PASSES, 0.0, True, "better"),
    "a higher loss is worse": ("log_loss", gain(0.05, 0.01, 0.1), PASSES, PASSES, 0.0, False, "worse"),
    "the margin counts": ("accuracy", gain(0.05, 0.01, 0.09), PASSES, PASSES, 0.02, False, "not by the margin"),
    "beyond the margin": ("accuracy", gain(0.05, 0.03, 0.09), PASSES, PASSES, 0.02, True, "more than the margin"),
    "a gate is not met": ("accuracy", gain(0.05, 0.01, 0.09), FAILS, FAILS, 0.0, False, "does not meet"),
    "champion lost, no worse": ("accuracy", gain(0.01, -0.01, 0.03), FAILS, PASSES, 0.0, True, "no worse"),
    "champion lost, yet worse": ("accuracy", gain(-0.01, -0.03, 0.01), FAILS, PASSES, 0.0, False, "not better"),
    "lost by chance alone": (
        "accuracy",
        gain(0.01, -0.01, 0.03),
        verdict("fail", 0.79, 0.75, 0.83),
        PASSES,
        0.0,
        False,
        "not better",
    ),
    "the champion proves more": ("accuracy", gain(0.05, 0.01, 0.09), PASSES, OPEN, 0.0, False, "does not prove"),
    "neither proves it": ("accuracy", gain(0.05, 0.01, 0.09), OPEN, OPEN, 0.0, True, "better with confidence"),
    "nothing to compare": (
        "accuracy",
        Measured(value=None, note="no"),
        PASSES,
        PASSES,
        0.0,
        False,
        "cannot be compared",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_who_takes_over(name: str) -> None:
    """Each rule of promotion decides one case, in both directions of a metric, and says why."""
    metric, found, champion, challenger, margin, better, words = CASES[name]
    decided, because = decide(metric, (found, 0.001), (champion,), (challenger,), 0.95, margin)
    assert decided is better
    assert words in because


def test_an_interval_alone_is_not_enough() -> None:
    """Where exchanging the answers makes the gain plausible by chance, an interval above 0 does not promote."""
    decided, because = decide("accuracy", (gain(0.02, 0.007, 0.04), 0.03), (PASSES,), (PASSES,), 0.95)
    assert (decided, because) == (False, "accuracy is not better with confidence")
