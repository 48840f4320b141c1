"""Estimated quality keeps to the truth where it may be trusted; measured quality waits for outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, roc_auc_score
from watched_rows import SIGNATURE, answers, rows  # type: ignore[import-not-found]

from volvelle.model.signature import Feature, Signature
from volvelle.monitor.estimate import area_of_rows, estimated, honest, rising
from volvelle.monitor.quality import measured
from volvelle.monitor.records import Floor, Policy
from volvelle.monitor.reference import reference
from volvelle.monitor.sketch import sketch
from volvelle.spec.gates import Condition


@pytest.mark.parametrize("bend", [1.0, 1.8])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_the_estimate_is_near_the_truth(bend: float, shift: float) -> None:
    """Of 16 counters a class, honest or bold scores, shifted inputs or not, the estimate is near what outcomes say."""
    rng = np.random.default_rng(1)

    def scored(n: int, by: float) -> pl.DataFrame:
        z = 1.5 * rng.normal(size=n) + by
        truth = np.where(rng.random(n) < 1 / (1 + np.exp(-z)), "yes", "no")
        score = (1 / (1 + np.exp(-bend * z))).astype(np.float32)
        made: pl.DataFrame = rows(n, rng, score=pl.Series(score), fails=pl.Series(truth))
        return made

    healthy, now = scored(20_000, 0.0), scored(20_000, shift)
    known = reference(healthy, answers(healthy), SIGNATURE, window=5000, seed=0)
    found = estimated(known, sketch(now, answers(now), known.edges))
    given, y = answers(now)["prediction"], now["fails"]
    assert found["roc_auc"] == pytest.approx(roc_auc_score(y == "yes", now["score"]), abs=0.012)
    assert found["accuracy"] == pytest.approx(accuracy_score(y, given), abs=0.012)
    assert found["f1"] == pytest.approx(f1_score(y, given, pos_label="yes"), abs=0.012)
    worth = honest(healthy["score"].to_numpy(), (healthy["fails"] == "yes").to_numpy())
    exact = area_of_rows(now["score"].to_numpy(), *worth)
    assert found["roc_auc"] == pytest.approx(exact, abs=0.0003)
    counted = msgspec.structs.replace(sketch(now, answers(now), known.edges), worth=())
    alone = estimated(known, counted)
    assert 0 < abs(alone["roc_auc"] - exact) < 0.003
    assert alone["f1"] == pytest.approx(found["f1"], abs=0.003)


def test_a_certain_step_of_few_rows_is_not_believed() -> None:
    """Four rows of which all upper ones are of the class promise no certainty; a thousand nearly do."""
    found = {}
    for copies in (1, 250):
        frame = rows(4 * copies, np.random.default_rng(4), score=pl.Series([0.1, 0.4, 0.6, 0.9] * copies))
        frame = frame.with_columns(fails=pl.when(pl.col("score") > 0.5).then(pl.lit("yes")).otherwise(pl.lit("no")))
        [nothing, knots] = reference(frame, answers(frame), SIGNATURE, window=20, seed=0).edges.worth
        assert nothing == ()
        found[copies] = knots[-1][1]
    assert found[1] == pytest.approx((2 + 0.75) / 3, abs=1e-6)
    assert found[250] > 0.999


def test_isotonic_values_are_those_of_scikit_learn() -> None:
    """Values made to rise equal scikit-learn's isotonic regression."""
    rng = np.random.default_rng(2)
    values, weights = rng.random(200) + np.arange(200) / 300, rng.random(200) + 0.1
    wanted = IsotonicRegression().fit_transform(np.arange(200), values, sample_weight=weights)
    assert rising(values, weights) == pytest.approx(wanted)


def test_many_classes_and_regression_are_estimated() -> None:
    """The metrics of three classes and the error of a regression come out as outcomes say."""
    rng = np.random.default_rng(3)
    p = rng.dirichlet([1, 1, 1], 9000)
    names = np.array(["u", "v", "w"])
    y = names[(p.cumsum(axis=1) < rng.random((9000, 1))).sum(axis=1)]
    frame = rows(9000, rng).with_columns(kind=pl.Series(y))
    given = pl.DataFrame({"prediction": names[p.argmax(axis=1)], **{f"score_{k}": p[:, k] for k in range(3)}})
    signature = msgspec.structs.replace(
        SIGNATURE, task="multiclass", classes=("u", "v", "w"), positive=None, target="kind"
    )
    known = reference(frame[:6000], given[:6000], signature, window=1000, seed=0)
    found = estimated(known, sketch(frame[6000:], given[6000:], known.edges))
    assert found["accuracy"] == pytest.approx(accuracy_score(y[6000:], given["prediction"][6000:]), abs=0.02)
    assert found["f1"] == pytest.approx(f1_score(y[6000:], given["prediction"][6000:], average="macro"), abs=0.02)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(y[6000:], p[6000:], multi_class="ovr"), abs=0.02)
    signature = msgspec.structs.replace(SIGNATURE, task="regression", classes=(), positive=None, target="x")
    guess = rng.normal(size=6000)
    true = guess + rng.normal(size=6000) * np.abs(guess)
    frame, given = frame[:6000].with_columns(x=pl.Series(true)), pl.DataFrame({"prediction": guess})
    known = reference(frame[:4000], given[:4000], signature, window=500, seed=0)
    found = estimated(known, sketch(frame[4000:], given[4000:], known.edges))
    assert found["mae"] == pytest.approx(mean_absolute_error(true[4000:], guess[4000:]), abs=0.06)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.4), (0.6, 1.0)])
def test_errors_of_a_real_regression_are_estimated_where_the_inputs_shift(
    real_data: Path, low: float, high: float
) -> None:
    """Of California's houses, cheap ones or dear ones alone: error and root mean square come out within a tenth."""
    houses = pl.read_csv(real_data / "regression" / "california_housing.csv.gz").drop_nulls()
    houses = houses.sample(fraction=1.0, shuffle=True, seed=3)
    target = houses.columns[-1] if "median_house_value" not in houses.columns else "median_house_value"
    names = [c for c, t in houses.schema.items() if t.is_numeric() and c != target]
    x, y = houses.select(names).to_numpy(), houses[target].to_numpy().astype(np.float64)
    model = HistGradientBoostingRegressor(max_iter=60, random_state=0).fit(x[:8000], y[:8000])
    guess = model.predict(x)
    features = tuple(Feature(name=n, kind="number") for n in names)
    signature = Signature(features=features, target=target, task="regression")
    given = pl.DataFrame({"prediction": guess})
    known = reference(houses[8000:14_000], given[8000:14_000], signature, window=500, seed=0)
    ends = np.quantile(guess[8000:14_000], [low, high])
    rest = np.arange(14_000, len(y))
    some = rest[(guess[rest] >= ends[0]) & (guess[rest] <= ends[1])]
    found = estimated(known, sketch(houses[some.tolist()], given[some.tolist()], known.edges))
    usual = float(np.abs(y[8000:14_000] - guess[8000:14_000]).mean())
    error = float(mean_absolute_error(y[some], guess[some]))
    assert abs(error / usual - 1) > 0.15
    assert found["mae"] == pytest.approx(error, rel=0.1)
    assert found["rmse"] == pytest.approx(float(np.sqrt(np.mean((y[some] - guess[some]) ** 2))), rel=0.1)


def test_without_truth_nothing_is_estimated() -> None:
    """A reference of rows without targets estimates nothing."""
    frame = rows(500, np.random.default_rng(4)).drop("fails")
    known = reference(frame, answers(frame), SIGNATURE, window=100, seed=0)
    assert estimated(known, known.whole) == {}


def late_outcomes() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Predictions of two windows, and outcomes that come twice, too late, for nobody, or as nonsense."""
    rng = np.random.default_rng(5)
    frame = rows(1000, rng)
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    told = answers(frame).with_columns(
        id=pl.Series([f"r{k}" for k in range(1000)]),
        at=pl.Series([begin + timedelta(hours=k) for k in range(1000)]),
        window=pl.Series([k // 500 for k in range(1000)]),
        site=frame["site"],
    )
    came = pl.DataFrame({"id": told["id"], "at": told["at"], "outcome": frame["fails"]})
    twice = came[:200].with_columns(at=pl.col("at") + timedelta(days=9), outcome=pl.lit("no"))
    orphans = pl.DataFrame({"id": ["a", "b", "a"], "at": [begin] * 3, "outcome": ["no"] * 3})
    strange = came[:7].with_columns(outcome=pl.lit("perhaps"))
    came = pl.concat([twice, orphans, came[7:700], strange])
    return told, came.sample(fraction=1.0, shuffle=True, seed=1)


def joined() -> pl.DataFrame:
    """Predictions with the first outcome of each."""
    told, came = late_outcomes()
    first = came.sort("at", maintain_order=True).unique("id", keep="first", maintain_order=True)
    return told.join(first.select("id", "outcome"), on="id", how="left", maintain_order="left")


def test_outcomes_are_counted_window_by_window() -> None:
    """Known and strange outcomes are told apart, and a window is mature when half of its outcomes have come."""
    first, second = measured(joined(), SIGNATURE, Policy(), metrics=("accuracy",))
    assert (first.rows, first.outcomes, first.strange, first.mature) == (500, 493, 7, True)
    assert (second.outcomes, second.mature) == (200, False)


def test_only_matured_windows_are_judged() -> None:
    """A floor that is missed with the whole interval shows, on its slice too, once half of the outcomes have come."""
    slice_ = (Condition(column="site", comparison="=", values=("a",)),)
    policy = Policy(floors=(Floor(metric="recall", bound=0.95), Floor(metric="recall", bound=0.9, where=slice_)))
    frame = joined()
    later = measured(frame, SIGNATURE, policy)
    assert [q.mature for q in later] == [True, False]
    for result, floor in zip(later[0].results, policy.floors, strict=True):
        assert result.where == floor.where
        assert result.high is not None
        assert 0.7 < result.high < floor.bound
