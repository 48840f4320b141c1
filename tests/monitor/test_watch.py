"""Watching calls for what drifts, within its budget for what does not, and at once for what is broken."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from scipy.signal import lfilter
from watched_rows import SIGNATURE, answers, rows  # type: ignore[import-not-found]

from volvelle.errors import InputError
from volvelle.model.signature import Feature, Signature
from volvelle.monitor import broken
from volvelle.monitor.drift import smooth
from volvelle.monitor.records import (
    PREDICTION,
    SCORE,
    Binned,
    Counted,
    Floor,
    Policy,
    Reference,
    Report,
    Sketch,
    to_bytes,
)
from volvelle.monitor.reference import reference
from volvelle.monitor.sketch import add, sketch
from volvelle.monitor.watch import watch

WINDOW, COLUMNS = 500, 20
NUMBERS = Signature(
    features=tuple(Feature(name=f"x{k}", kind="number") for k in range(COLUMNS)), target="y", task="regression"
)


def told(values: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows ``[n, 20]`` and answers that say nothing."""
    frame = pl.DataFrame({f"x{k}": values[:, k] for k in range(values.shape[1])})
    return frame, pl.DataFrame({"prediction": np.zeros(frame.height)})


def learnt(values: Any, window: int = WINDOW) -> Reference:
    """The reference of rows ``[n, d]``."""
    signature = msgspec.structs.replace(NUMBERS, features=NUMBERS.features[: values.shape[1]])
    return reference(*told(values), signature, window=window, seed=0)


@pytest.fixture(scope="module")
def healthy() -> Reference:
    """A reference of every kind of feature."""
    frame = rows(8000, np.random.default_rng(0))
    return reference(frame, answers(frame), SIGNATURE, window=WINDOW, seed=0, model="m")


def seen(known: Reference, *windows: pl.DataFrame, **policy: Any) -> Report:
    """What is said of windows."""
    counted = [sketch(window, answers(window), known.edges) for window in windows]
    return watch(known, counted, Policy(window=WINDOW, **policy), importance={"heat": 3, "site": 1})


def window(seed: int, **changed: Any) -> pl.DataFrame:
    """One healthy window, but for what is changed."""
    frame: pl.DataFrame = rows(WINDOW, np.random.default_rng(seed))
    return frame.with_columns(**changed)


def test_what_matters_more_is_seen_sooner() -> None:
    """A borderline shift of one column of 20 is called more often where the model leans on that column, and less
    where it leans on the others."""
    rng, called = np.random.default_rng(8), {"most": 0, "like the others": 0, "least": 0}
    weights = {"most": 20.0, "like the others": 1.0, "least": 0.0}
    known = learnt(rng.normal(size=(20_000, COLUMNS)))
    for _ in range(80):
        values = rng.normal(size=(WINDOW, COLUMNS))
        values[:, 0] += 3.3 / np.sqrt(WINDOW)
        frame, said = told(values)
        now = [sketch(frame, said, known.edges)]
        for name, weight in weights.items():
            importance = {f"x{k}": weight if k == 0 else 1.0 for k in range(COLUMNS)}
            report = watch(known, now, Policy(window=WINDOW, false_alarms=36.5), importance=importance)
            called[name] += any(alarm.feature == "x0" for alarm in report.alarms)
    assert called["most"] > called["like the others"] + 8
    assert called["like the others"] > called["least"]


def test_an_alarm_tells_its_sizes_and_only_tests_that_were_named_are_asked(healthy: Reference) -> None:
    """A shift has population stability index and total variation beside it; without its test nothing calls."""
    moved = window(3, heat=pl.col("heat") + 2 * float(window(3)["heat"].std() or 1.0))  # type: ignore[arg-type]
    alarm = next(a for a in seen(healthy, moved).alarms if a.feature == "heat" and a.severity == "drift")
    assert alarm.sizes["psi"] > 0.25
    assert alarm.effect is not None
    assert alarm.sizes["total_variation"] == pytest.approx(alarm.effect, abs=0.05)
    assert f"PSI {alarm.sizes['psi']:.2f}" in alarm.sentence
    without = seen(healthy, moved, tests=("missing_rate",)).alarms
    assert not [a for a in without if a.feature == "heat" and a.severity == "drift"]


def test_quiet_windows_are_quiet() -> None:
    """Of 40 streams of 20 quiet windows of 20 columns, no more call than a budget of 5 % a stream makes likely."""
    rng = np.random.default_rng(1)
    known = [learnt(rng.normal(size=(5000, COLUMNS))) for _ in range(4)]
    policy = Policy(window=WINDOW, false_alarms=0.05 / 20 * 365)
    calls = 0
    for stream in range(40):
        mine = known[stream % 4]
        parts = [sketch(*told(rng.normal(size=(WINDOW, COLUMNS))), mine.edges) for _ in range(20)]
        calls += bool(watch(mine, parts, policy).alarms)
    assert calls <= 6


def test_the_error_of_a_small_reference_is_not_called_drift() -> None:
    """Streams against 1,000 healthy rows keep to their budget; were these rows taken for the truth, most would call."""
    rng = np.random.default_rng(21)
    policy = Policy(window=WINDOW, false_alarms=0.2 / 20 * 365, effect=0.0)
    calls = blind = 0
    for _ in range(60):
        known = learnt(rng.normal(size=(1000, 1)))
        parts = [sketch(*told(rng.normal(size=(WINDOW, 1))), known.edges) for _ in range(20)]
        calls += bool(watch(known, parts, policy).alarms)
        surer = known.whole
        for _ in range(10):
            surer = add(surer, surer)
        blind += bool(watch(msgspec.structs.replace(known, whole=surer), parts, policy).alarms)
    assert calls <= 20
    assert blind >= 36


def test_slow_drift_is_seen_by_looking_at_windows_together() -> None:
    """A shift of 0.1 sd in one of 20 columns is called within ten windows of 500 rows, over more than one of them."""
    rng = np.random.default_rng(2)
    known = learnt(rng.normal(size=(20_000, COLUMNS)))
    shifted = rng.normal(size=(10 * WINDOW, COLUMNS))
    shifted[:, 3] += 0.1
    report = watch(known, [sketch(*told(part), known.edges) for part in np.split(shifted, 10)], Policy(window=WINDOW))
    assert {alarm.feature for alarm in report.alarms} == {"x3"}
    assert max(alarm.span for alarm in report.alarms) > 1
    assert report.state == "notice"


def test_missing_cells_take_little_of_the_chance_from_what_moves() -> None:
    """With 19 tests of missing cells beside 20 of numbers, a chance is corrected for 24.75 tests and not for 39."""
    rng = np.random.default_rng(22)
    healthy, now = rng.normal(size=(2 * WINDOW, COLUMNS)), rng.normal(size=(WINDOW, COLUMNS))
    now[:, 0] += 0.5
    for side in (healthy, now):
        side[::20, 1:] = np.nan
    known = learnt(healthy)
    report = watch(known, [sketch(*told(now), known.edges)], Policy(window=WINDOW))
    alone = smooth.score(*(np.asarray(s.features["x0"].bins) for s in (known.whole, sketch(*told(now), known.edges))))
    assert report.windows[0].smallest == pytest.approx(24.75 * (alone.p or 0))


@pytest.mark.parametrize("lag", [0.9, 0.98])
def test_rows_that_resemble_their_neighbours_are_ranked(lag: float) -> None:
    """Windows of an autocorrelated column do not call for nothing, where a test of independence would; a jump calls."""
    rng = np.random.default_rng(int(100 * lag))
    policy = Policy(window=WINDOW, false_alarms=0.05 / 20 * 365)
    calls = blind = 0
    for _ in range(15):
        noise = rng.normal(size=(60 * WINDOW, 1))
        values = lfilter([np.sqrt(1 - lag**2)], [1, -lag], noise, axis=0)
        known = learnt(values[: 40 * WINDOW])
        assert known.features["x0"].ranked == ("numbers",)
        parts = [sketch(*told(part), known.edges) for part in np.split(values[40 * WINDOW :], 20)]
        calls += bool(watch(known, parts, policy).alarms)
        independent = msgspec.structs.replace(known, features={})
        blind += bool(watch(independent, parts, policy).alarms)
    assert blind == 15
    assert calls <= 3
    jumped = [sketch(*told(values[-WINDOW:] + 6), known.edges)]
    [alarm] = [a for a in watch(known, jumped, policy).alarms if a.severity == "drift"]
    assert (alarm.mode, alarm.feature) == ("ranked", "x0")


def test_a_significant_trifle_is_not_worth_a_call() -> None:
    """Of a million rows a tiny shift is certain, and below the smallest effect that matters nobody is called."""
    rng = np.random.default_rng(3)
    known = learnt(rng.normal(size=(500_000, 1)), window=100_000)
    now = [sketch(*told(rng.normal(0.02, 1, size=(500_000, 1))), known.edges)]
    found = watch(known, now, Policy())
    assert found.windows[0].smallest is not None
    assert found.windows[0].smallest < 1e-6
    assert found.alarms == ()
    assert watch(known, now, Policy(effect=0.002)).state == "notice"


def test_drift_of_every_kind_is_named(healthy: Reference) -> None:
    """Numbers, categories, lengths of texts, missing cells, answers and scores are each called by name."""
    rng = np.random.default_rng(4)
    changed = window(
        5,
        heat=pl.col("heat") + 1,
        site=pl.Series(rng.choice(["a", "b", "c"], WINDOW, p=[0.1, 0.3, 0.6])),
        note=pl.col("note") + "xxxxxxxxxxxx",
        count=pl.when(pl.Series(rng.random(WINDOW) < 0.8)).then(pl.col("count")),
        score=pl.col("score") * 0.5,
    )
    report = seen(healthy, changed)
    named = {(a.feature, a.what) for a in report.alarms}
    wanted = {("heat", "smooth"), ("site", "chi_square"), ("note", "smooth"), ("count", "missing_rate")}
    assert wanted | {(SCORE, "smooth"), (PREDICTION, "chi_square")} <= named
    order = [a.feature for a in report.alarms]
    assert order.index("heat") < order.index("site")
    assert report.windows[0].moved == pytest.approx(
        sum((a.importance or 0) * (a.effect or 0) for a in report.alarms), abs=1e-12
    )


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"heat": pl.lit(None, dtype=pl.Float64)}, "missing"),
        ({"heat": pl.lit(1.5)}, "stuck"),
        ({"heat": pl.col("heat") * 1.8 + 32}, "unit"),
        ({"count": pl.col("count") / 1000}, "unit"),
        ({"site": pl.col("site") + "!"}, "categories"),
        ({"when": pl.col("when") - 1_500_000_000}, "clock"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_contract_acts_at_once(healthy: Reference, changed: dict[str, pl.Expr], what: str) -> None:
    """All missing, a stuck sensor, another unit, renamed categories and a clock set back are told in one window."""
    report = seen(healthy, window(6, **changed))
    assert [(a.what, a.feature) for a in report.alarms if a.severity == "broken"] == [(what, next(iter(changed)))]
    assert report.state == "broken"
    assert seen(healthy, window(6)).state == "ok"


def test_a_column_that_the_reference_lacks_is_not_called_stuck() -> None:
    """Where every healthy cell is missing, a column of one value says nothing; where they vary, it is stuck."""
    binned = Binned(feature=Feature(name="heat", kind="number"), cuts=(1.0, 2.0))
    now = Counted(bins=(0, 0, 100), run=100)
    assert broken.told(binned, Counted(bins=(0, 0, 0), missing=1000), 1000, now, 100) is None
    assert broken.told(binned, Counted(bins=(500, 300, 200), run=4), 1000, now, 100) is not None


def test_refused_requests_break_the_contract(healthy: Reference) -> None:
    """More requests refused than answered is told, though no row shows it."""
    frame = window(17)
    found = sketch(frame, answers(frame), healthy.edges, errors=600)
    assert [a.what for a in watch(healthy, [found], Policy()).alarms] == ["errors"]


def test_estimates_warn_under_a_floor(healthy: Reference) -> None:
    """Where scores drop, the estimate falls under its floor, warns, and says what it is blind to."""
    floors = (Floor(metric="recall", bound=0.5),)
    assert seen(healthy, window(8), floors=floors).state == "ok"
    report = seen(healthy, window(8, score=pl.col("score") * 0.55), floors=floors)
    assert [a.what for a in report.alarms if a.severity == "estimate"] == ["recall"]
    assert report.state == "warning"
    assert "concept drift" in report.notes[-1]


def test_few_healthy_rows_are_said_to_be_few() -> None:
    """With fewer rows than a window a reference says so, does not rank, and still calls for what is plain."""
    rng = np.random.default_rng(9)
    values = lfilter([0.3], [1, -0.95], rng.normal(size=(300, 2)), axis=0)
    values[:, 1] = rng.normal(size=300)
    known = learnt(values)
    assert known.resampled
    assert "fewer than one window" in " ".join(known.notes)
    now = np.stack([rng.normal(size=WINDOW) + 9, rng.normal(size=WINDOW) + 1], axis=1)
    report = watch(known, [sketch(*told(now), known.edges)], Policy(window=WINDOW))
    assert {a.feature for a in report.alarms if a.severity == "drift"} == {"x1"}


def test_the_reference_survives_json_and_strangers_are_refused(healthy: Reference) -> None:
    """A reference read back says the same, is moderate in size, and refuses sketches of another release."""
    again = msgspec.json.decode(to_bytes(healthy), type=Reference)
    frame = window(10, heat=pl.col("heat") + 1)
    now = [sketch(frame, answers(frame), again.edges)]
    assert watch(again, now, Policy()) == watch(healthy, now, Policy())
    assert len(to_bytes(healthy)) < 40_000
    stranger: Sketch = msgspec.structs.replace(now[0], edges="0" * 64)
    with pytest.raises(InputError, match="cannot be held against"):
        watch(healthy, [stranger], Policy())
    with pytest.raises(InputError, match="says nothing"):
        reference(frame[:0], answers(frame[:0]), SIGNATURE, window=500, seed=0)


def test_later_windows_can_be_judged_alone(healthy: Reference) -> None:
    """With `first` the earlier windows count only where windows are looked at together."""
    frames = [window(11 + k, heat=pl.col("heat") + (0.5 if k > 1 else 0)) for k in range(4)]
    counted = [sketch(f, answers(f), healthy.edges) for f in frames]
    whole, last = (watch(healthy, counted, Policy(), first=first) for first in (0, 3))
    assert last.windows == whole.windows[3:]
    assert last.alarms == tuple(a for a in whole.alarms if a.window == 3)
