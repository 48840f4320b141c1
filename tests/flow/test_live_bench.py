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


def spring(real_data: Path) -> tuple[pl.DataFrame, Stream]:
    """Bicycles from January to June 2011, released on what came before May; the month is a number."""
    frame = pl.read_csv(real_data / "regression/bike_sharing_hour.csv.gz")[:4300]
    spec = STREAMS["bike"].spec.replace('[features.mnth]\nrole = "category"\n', "").replace("336", "480")
    return frame, STREAMS["bike"]._replace(first=2786 / 4300, window=480, spec=spec.replace(" or on loss", ""))


def test_a_new_month_turns_the_wheel(real_data: Path, tmp_path: Path) -> None:
    """A month that training never saw is drift, not a broken contract: in every window the wheel may turn again."""
    frame, months = spring(real_data)
    lived = replay(tmp_path, frame, months)
    assert lived.windows == 3
    assert len(lived.decisions) == 2
    assert any(reason.startswith("drift: mnth: out of range") for reason in lived.decisions[0].why)


def test_another_unit_does_not_turn_the_wheel(real_data: Path, tmp_path: Path) -> None:
    """Temperatures a thousand times as high are called in every whole window and learnt from in none."""
    frame, months = spring(real_data)
    start = int(frame.height * months.first)
    index = pl.int_range(pl.len())
    changed = frame.with_columns(pl.when(index < start).then(pl.col("temp")).otherwise(pl.col("temp") * 1000))
    lived = replay(tmp_path, changed, months)
    assert lived.alarms >= 2
    assert lived.decisions == []


def test_luck_does_not_promote() -> None:
    """Challengers of no gain take over in at most 5 % of trials, where the higher score would take most of them."""
    trials = 60
    for ours, higher in no_gain(trials).values():
        # So many of 60 have a chance of less than 1 % where the rate is 5 %.
        assert ours * trials <= 8
        assert higher > 0.4
