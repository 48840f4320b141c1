"""The split: what never straddles, what is kept in proportion, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.errors import DataError
from volvelle.prepare.split import Keys, Method, Sides, folds, sides

PLAIN: tuple[Method, ...] = ("stratified", "random", "hash")
ALL: tuple[Method, ...] = (*PLAIN, "group", "time")
START = datetime(2024, 1, 1, tzinfo=UTC)


def table(rows: int, seed: int, *, distinct: int = 10**6) -> pl.DataFrame:
    """Features a and b (few different rows where `distinct` is small), a time, a group, and a class y."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, distinct, rows)
    return pl.DataFrame(
        {
            "a": kind.astype(np.float64) / 7,
            "b": pl.Series([f"b{k % 5}" if k % 4 else None for k in kind], dtype=pl.String),
            "when": [START + timedelta(hours=int(h)) for h in rng.integers(0, max(4, rows // 2), rows)],
            "who": [f"g{g}" for g in rng.integers(0, max(3, rows // 6), rows)],
            "y": rng.choice(["yes", "no", "rare"], rows, p=[0.3, 0.6, 0.1]),
        }
    )


def keys_of(method: str) -> Keys:
    return Keys(
        target="y",
        features=("a", "b"),
        time="when" if method == "time" else None,
        group="who" if method == "group" else None,
    )


def rows_of(frame: pl.DataFrame, index: Any, columns: tuple[str, ...]) -> set[tuple[Any, ...]]:
    return set(frame[index].select(columns).rows())


def divide(frame: pl.DataFrame, method: Method, **changes: Any) -> Sides | None:
    """None where nothing can be held back, which only tables of few different rows may say."""
    try:
        return sides(frame, keys_of(method), task="classification", method=method, **changes)
    except DataError:
        if len(frame.unique(["a", "b"])) >= 30:
            raise
        return None


@settings(max_examples=120, deadline=None)
@given(st.integers(5, 120), st.integers(0, 999), st.sampled_from([3, 12, 10**6]), st.sampled_from(ALL))
def test_promises_of_every_method(rows: int, seed: int, distinct: int, method: Method) -> None:
    """Sides are disjoint and ascending, cover all rows not left out, and no equal rows or groups straddle."""
    frame = table(rows, seed, distinct=distinct)
    found = divide(frame, method, seed=seed)
    if found is None:
        return
    both = np.concatenate([found.train, found.test])
    assert len(np.unique(both)) == len(both) == rows - found.left_out
    assert found.left_out == 0 or method in ("time", "group")
    for side in (found.train, found.test):
        assert side.dtype == np.int64
        assert len(side) > 0
        assert (np.diff(side) > 0).all()
    assert not rows_of(frame, found.train, ("a", "b")) & rows_of(frame, found.test, ("a", "b"))
    assert found.duplicates == rows - len(frame.unique(["a", "b"]))
    if method == "group":
        assert not rows_of(frame, found.train, ("who",)) & rows_of(frame, found.test, ("who",))
        assert found.groups == frame["who"].n_unique()
    if method == "time":
        assert frame[found.train]["when"].max() < frame[found.test]["when"].min()  # type: ignore[operator]


@settings(max_examples=80, deadline=None)
@given(st.integers(200, 600), st.integers(0, 999), st.floats(0.1, 0.5), st.sampled_from(ALL))
def test_shares_are_near_the_target(rows: int, seed: int, share: float, method: Method) -> None:
    """Within a row a class where rows are free, a group or a stamp where they are not, and chance for the hash."""
    frame = table(rows, seed)
    found = sides(frame, keys_of(method), task="classification", method=method, test=share, seed=seed)
    slack = {"stratified": 4, "random": 2, "group": 8, "time": 8, "hash": 5 * (rows * share * (1 - share)) ** 0.5}
    assert abs(len(found.test) - share * rows) <= slack[method]
    if method == "stratified":
        for name in ("yes", "no", "rare"):
            total, held = (int((f["y"] == name).sum()) for f in (frame, frame[found.test]))
            assert abs(held - share * total) <= 2


@pytest.mark.parametrize("method", ALL)
def test_same_arguments_same_sides(method: Method) -> None:
    """Two calls agree; another seed gives another side, except by time."""
    frame = table(300, 1)
    one, two = (sides(frame, keys_of(method), task="classification", method=method) for _ in range(2))
    other = sides(frame, keys_of(method), task="classification", method=method, seed=8)
    assert np.array_equal(one.test, two.test)
    assert np.array_equal(one.test, other.test) == (method == "time")


@settings(max_examples=60, deadline=None)
@given(st.integers(30, 100), st.integers(1, 100), st.integers(0, 999), st.booleans())
def test_hash_sides_stay_when_data_grow(rows: int, more: int, seed: int, grouped: bool) -> None:
    """No row changes side when others are added, in front or behind; nor any group."""
    frame = table(rows, seed)
    keys = Keys(target="y", features=("a", "b"), group="who" if grouped else None)
    try:
        before = sides(frame, keys, task="classification", method="hash")
        after = sides(pl.concat([table(more, seed + 1), frame]), keys, task="classification", method="hash")
    except DataError as error:
        if "one side" not in error.problem:
            raise
        return
    assert not set(before.train.tolist()) & {t - more for t in after.test.tolist()}
    assert not set(before.test.tolist()) & {t - more for t in after.train.tolist()}


@pytest.mark.parametrize(
    ("time", "group", "task", "expected"),
    [
        ("when", None, "classification", "time"),
        ("when", "who", "regression", "time"),
        (None, "who", "classification", "group"),
        (None, None, "classification", "stratified"),
        (None, None, "regression", "random"),
    ],
)
def test_auto_follows_the_columns_that_are_named(time: Any, group: Any, task: Any, expected: str) -> None:
    """Time before group before the task."""
    frame = table(200, 0).with_columns(pl.col("a").alias("y"))
    assert sides(frame, Keys(target="y", features=("b", "a"), time=time, group=group), task=task).method == expected


def test_time_with_groups_keeps_groups_whole() -> None:
    """With both columns the groups that end last are held back, whole."""
    frame = pl.DataFrame(
        {"a": range(40), "when": range(40), "who": [g for g in range(10) for _ in range(4)], "y": [0, 1] * 20}
    )
    found = sides(frame, Keys(target="y", features=("a",), time="when", group="who"), task="classification")
    assert found.test.tolist() == list(range(32, 40))


def test_time_leaves_out_rows_that_were_learnt() -> None:
    """New rows equal to old ones leave the test side and are counted; equal new rows stay."""
    frame = pl.DataFrame({"a": [1, 2, 3, 4, 5, 6, 7, 1, 9, 9], "when": range(10), "y": [0, 1] * 5})
    found = sides(frame, Keys(target="y", features=("a",), time="when"), task="classification", test=0.3)
    assert (found.train.tolist(), found.test.tolist()) == (list(range(7)), [8, 9])
    assert (found.duplicates, found.left_out) == (2, 1)
    assert "1 test rows were left out" in found.note


def test_rare_class_stays_to_be_learnt() -> None:
    """A class of one row is on the training side, whatever the seed."""
    frame = pl.DataFrame({"a": range(30), "y": ["x"] * 29 + ["once"]})
    for seed in range(20):
        assert 29 in sides(frame, Keys(target="y", features=("a",)), task="classification", seed=seed).train


def test_regression_can_be_stratified_by_tenths() -> None:
    """Each tenth of the target gives its share."""
    frame = pl.DataFrame({"a": range(1000), "y": np.random.default_rng(0).lognormal(size=1000)})
    found = sides(frame, Keys(target="y", features=("a",)), task="regression", method="stratified")
    tenth = frame["y"].rank().to_numpy()[found.test] // 100.1
    assert np.abs(np.bincount(tenth.astype(int), minlength=10) - 20).max() <= 1


def test_chained_groups_stay_apart() -> None:
    """Where coarse features link all groups, groups stay whole and equal rows leave the test side."""
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.integers(0, 60, 400), "who": rng.integers(0, 40, 400), "y": rng.integers(0, 2, 400)})
    frame = frame.with_columns(a=pl.when(pl.col("who") < 30).then(pl.col("a") % 30).otherwise(pl.col("a")))
    found = sides(frame, Keys(target="y", features=("a",), group="who"), task="classification")
    assert found.left_out > 0
    assert not rows_of(frame, found.train, ("who",)) & rows_of(frame, found.test, ("who",))
    assert not rows_of(frame, found.train, ("a",)) & rows_of(frame, found.test, ("a",))


@pytest.mark.parametrize("file", ["mammography", "titanic", "wine_quality", "ai4i2020"])
def test_real_tables(real_data: Path, file: str) -> None:
    """Real tables, one with a third of its rows equal, give a share within 1 % and no equal rows on both sides."""
    frame = pl.read_csv(real_data / "tabular" / f"{file}.csv.gz", infer_schema_length=None)
    target = {"mammography": "class", "titanic": "Survived", "wine_quality": "quality", "ai4i2020": "Machine failure"}[
        file
    ]
    features = tuple(c for c in frame.columns if c != target)
    keys = Keys(target=target, features=features)
    found = sides(frame, keys, task="classification")
    assert abs(len(found.test) / len(frame) - 0.2) < 0.01
    assert not rows_of(frame, found.train, features) & rows_of(frame, found.test, features)
    for train, valid in folds(frame[found.train], keys, task="classification", method=found.method):
        assert len(train) > 3 * len(valid) > 0


@settings(max_examples=80, deadline=None)
@given(st.integers(60, 200), st.integers(0, 999), st.integers(2, 5), st.sampled_from(ALL), st.sampled_from([40, 10**6]))
def test_promises_of_folds(rows: int, seed: int, count: int, method: Method, distinct: int) -> None:
    """Each row is scored at most once, never learnt from and scored at a time, nor are its equals or its group."""
    frame = table(rows, seed, distinct=distinct)
    keys = keys_of(method)
    try:
        pairs = folds(frame, keys, task="classification", method=method, count=count, seed=seed)
    except DataError:
        assert distinct == 40
        return
    assert len(pairs) == count
    scored = np.concatenate([valid for _, valid in pairs])
    assert len(np.unique(scored)) == len(scored)
    for train, valid in pairs:
        assert not set(train.tolist()) & set(valid.tolist())
        assert not rows_of(frame, train, ("a", "b")) & rows_of(frame, valid, ("a", "b"))
        if method == "group":
            assert not rows_of(frame, train, ("who",)) & rows_of(frame, valid, ("who",))
        if method == "time":
            assert frame[train]["when"].max() < frame[valid]["when"].min()  # type: ignore[operator]
        else:
            assert len(train) + len(valid) == rows or method == "group"
    again = folds(frame, keys, task="classification", method=method, count=count, seed=seed)
    assert all(
        np.array_equal(a, b) for one, two in zip(pairs, again, strict=True) for a, b in zip(one, two, strict=True)
    )


def test_folds_forward_in_time_leave_out_what_was_learnt() -> None:
    """A row to score that equals an earlier row to learn from is not scored in that fold."""
    frame = pl.DataFrame({"a": [1, 2, 3, 4, 1, 5, 6, 4, 7], "when": range(9), "y": [0, 1, 0] * 3})
    keys = Keys(target="y", features=("a",), time="when")
    pairs = folds(frame, keys, task="classification", method="time", count=2)
    assert [(t.tolist(), v.tolist()) for t, v in pairs] == [([0, 1, 2], [3, 5]), ([0, 1, 2, 3, 4, 5], [6, 8])]


def test_folds_are_stratified() -> None:
    """Each class has the same number of rows in every fold, to one."""
    frame = table(500, 3)
    pairs = folds(frame, keys_of("stratified"), task="classification", method="stratified", count=5)
    for name in ("yes", "no", "rare"):
        counts = [int((frame[valid]["y"] == name).sum()) for _, valid in pairs]
        assert max(counts) - min(counts) <= 1
    assert sorted(np.concatenate([v for _, v in pairs]).tolist()) == list(range(500))


def test_folds_over_few_different_rows() -> None:
    """Six combinations of features, all larger than a fold, still make folds."""
    frame = pl.DataFrame({"a": [n % 6 for n in range(600)], "y": [n % 2 for n in range(600)]})
    pairs = folds(frame, Keys(target="y", features=("a",)), task="classification", method="stratified", count=5)
    assert sorted(len(v) for _, v in pairs) == [100, 100, 100, 100, 200]


FEW = pl.DataFrame({"a": [1, 2, 3], "when": [1, 2, 3], "who": ["x", "y", "x"], "y": [0, 1, 0]})
MANY = table(50, 0)


@pytest.mark.parametrize(
    ("frame", "keys", "method", "problem", "advice"),
    [
        (FEW, Keys("y", ("a",)), "auto", "needs at least 5 rows with a target; found 3", "more rows"),
        (MANY, Keys("y", ("a", "c")), "auto", "no column 'c'", "known: a, b"),
        (MANY, Keys("y", ("a",), group="whom"), "auto", "no column 'whom'", "did you mean 'who'?"),
        (MANY, Keys("y", ("a",)), "time", "by time, but no time column is named", 'add time = "..." to [data]'),
        (MANY, Keys("y", ("a",)), "group", "by group, but no group column is named", "[data]"),
        (
            MANY.with_columns(who=pl.lit("x")),
            Keys("y", ("a",), group="who"),
            "auto",
            "all 50 rows belong together",
            "group",
        ),
        (MANY.with_columns(a=pl.lit(1.0)), Keys("y", ("a",)), "auto", "all 50 rows are equal", "features"),
        (MANY.with_columns(a=pl.lit(1.0)), Keys("y", ("a",)), "hash", "all 50 rows are equal", "features"),
        (
            MANY.with_columns(when=pl.lit(1)),
            Keys("y", ("a",), time="when"),
            "auto",
            "cannot be divided by time",
            "random",
        ),
        (
            MANY.with_columns(when=pl.when(pl.col("a") > pl.col("a").median()).then("when")),
            Keys("y", ("a",), time="when"),
            "auto",
            "25 of 50 rows have no time in 'when'",
            "remove those rows",
        ),
    ],
)
def test_what_cannot_be_divided_is_refused(
    frame: pl.DataFrame, keys: Keys, method: Any, problem: str, advice: str
) -> None:
    """One clear error with what was found and the next move."""
    with pytest.raises(DataError) as caught:
        sides(frame, keys, task="classification", method=method)
    assert problem in caught.value.problem
    assert advice in caught.value.next_move


@pytest.mark.parametrize(
    ("keys", "method", "problem"),
    [
        (Keys("y", ("a",), group="who"), "group", "found 2 groups"),
        (Keys("y", ("a",), time="who"), "time", "at least 6 different times; found 2"),
        (Keys("y", ("who",)), "stratified", "found 2 different rows"),
    ],
)
def test_too_few_for_folds_is_refused(keys: Keys, method: Method, problem: str) -> None:
    """Fewer groups, times or different rows than folds: the error says how many there are."""
    frame = pl.DataFrame({"a": range(40), "who": [n % 2 for n in range(40)], "y": [n // 3 % 2 for n in range(40)]})
    with pytest.raises(DataError, match=problem):
        folds(frame, keys, task="classification", method=method)


def test_few_different_rows_are_named_as_the_cause() -> None:
    """Where keeping equal rows together would take a class from training, the error says that, not "one class"."""
    frame = pl.DataFrame({"x": [0, 1] * 30, "y": ["a", "b"] * 30})
    with pytest.raises(DataError, match="only 2 of 60 rows are different"):
        sides(frame, Keys(target="y", features=("x",)), task="classification")


def test_a_column_says_what_is_held_back() -> None:
    """A marked split takes the rows that say "test", equal rows or not; its folds are those of the other keys."""
    frame = table(40, 5, distinct=30).with_columns(
        pl.Series("side", ["test" if k % 4 == 0 else None for k in range(40)])
    )
    keys = Keys(target="y", features=("a", "b"), time="when", column="side")
    found = sides(frame, keys, task="classification")
    assert found.method == "marked"
    assert found.test.tolist() == list(range(0, 40, 4))
    assert (found.left_out, found.note) == (0, "")
    pairs = folds(frame[found.train], keys, task="classification", method="marked", count=2)
    times = frame[found.train]["when"]
    assert all(times[learn].max() < times[hold].min() for learn, hold in pairs)  # type: ignore[operator]
    with pytest.raises(DataError, match="on one side"):
        sides(frame.with_columns(side=pl.lit("x")), keys, task="classification", method="marked")
