"""The bench of live models, in small: real drift is answered, a calm stream is left alone, luck does not promote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from bench.live import STREAMS, Stream, no_gain, replay


def stream(**changes: object) -> Stream:
    return STREAMS["elec2"]._replace(**changes)  # type: ignore[arg-type]


def test_real_drift_is_answered(real_data: Path, tmp_path: Path) -> None:
    """On half a year of elec2 the wheel turns, every decision says why, the champion is not behind the first."""
    frame = pl.read_csv(real_data / "drift/elec2.csv.gz")[18_000:27_000]
    small = stream(first=0.4, window=1344, spec=STREAMS["elec2"].spec.replace("0.6", "0.55").replace("672", "1344"))
    lived = replay(tmp_path, frame, small)
    assert lived.windows == 4
    assert lived.decisions
    for decision in lived.decisions:
        assert decision.why
        assert decision.because
        assert decision.outcome in ("promoted", "kept")
        assert all(tried.gain is not None for tried in decision.tried)
    assert np.mean(lived.live) >= np.mean(lived.static) - 0.01


def test_a_calm_stream_is_left_alone(real_data: Path, tmp_path: Path) -> None:
    """The same rows shuffled: nothing drifts, and no window calls for it."""
    whole = pl.read_csv(real_data / "drift/elec2.csv.gz")[18_000:27_000]
    mixed = whole.sample(fraction=1.0, shuffle=True, seed=1).with_columns(whole["date"])
    lived = replay(tmp_path, mixed, stream(first=0.4), turning=False)
    assert lived.windows == 8
    assert lived.alarms <= 1


def test_luck_does_not_promote() -> None:
    """Challengers of no gain take over in at most 5 % of trials, where the higher score would take most of them."""
    trials = 60
    for ours, higher in no_gain(trials).values():
        # So many of 60 have a chance of less than 1 % where the rate is 5 %.
        assert ours * trials <= 8
        assert higher > 0.4
