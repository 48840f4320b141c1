"""Sketches count every row once, add up exactly, and hold no rows."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watched_rows import SIGNATURE, answers, edges_of, rows  # type: ignore[import-not-found]

from volvelle.errors import InputError
from volvelle.monitor.edges import edges
from volvelle.monitor.records import Sketch, digest, to_bytes
from volvelle.monitor.sketch import add, sketch, total

EDGES = msgspec.structs.replace(edges_of(), worth=((), ((0.1, 0.02), (0.3, 0.21), (0.9, 0.97))))


def sketch_of(frame: pl.DataFrame) -> Sketch:
    """The sketch of rows with the answers to them."""
    return sketch(frame, answers(frame), EDGES)


def counters(found: Sketch) -> Sketch:
    """A sketch without runs, the one thing that a border can hide."""
    features = {name: msgspec.structs.replace(c, run=0) for name, c in found.features.items()}
    return msgspec.structs.replace(found, features=features)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_parts_add_up_to_the_whole(seed: int, sizes: list[int]) -> None:
    """However rows are cut into windows, the sum of the sketches is the sketch of all rows; a run is never too long."""
    frame = rows(sum(sizes), np.random.default_rng(seed))
    parts, start = [], 0
    for size in sizes:
        parts.append(sketch_of(frame[start : start + size]))
        start += size
    whole, summed = sketch_of(frame), total(parts)
    assert counters(summed) == counters(whole)
    assert all(summed.features[name].run <= c.run for name, c in whole.features.items())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_adding_has_no_order(seed: int, sizes: list[int]) -> None:
    """Adding is commutative and associative, runs and times included."""
    rng = np.random.default_rng(seed)
    a, b, c = (sketch_of(rows(size, rng)) for size in sizes)
    assert add(a, b) == add(b, a)
    assert add(add(a, b), c) == add(a, add(b, c))


def test_every_row_is_counted_once() -> None:
    """Counters and missing cells of each feature add up to the rows, as do the classes; times have no counters."""
    frame = rows(5000, np.random.default_rng(3))
    found = sketch_of(frame)
    assert {sum(c.bins) + c.missing for name, c in found.features.items() if name != "when"} == {5000}
    assert found.features["when"].bins == ()
    assert sum(found.labels()) == sum(found.scores[0]) == sum(found.scores[1]) == 5000
    assert found.labels() == tuple(frame["score"].is_between(*ends).sum() for ends in ((0, 0.5), (0.5000001, 1)))


def test_counters_are_those_of_numpy() -> None:
    """A number belongs to the counter of how many float32 cuts it reaches; beyond the range it is outside too."""
    frame = rows(3000, np.random.default_rng(4))
    found = sketch_of(frame).features["heat"]
    heat = frame["heat"].drop_nulls().to_numpy().astype(np.float32)
    ends = np.asarray([-np.inf, *EDGES.features[0].cuts, np.inf], dtype=np.float32)
    assert len(ends) == 17
    assert list(found.bins) == np.histogram(heat, ends)[0].tolist()
    wide = sketch_of(frame.with_columns(heat=pl.lit(5.0)))
    assert (wide.features["heat"].outside, wide.features["heat"].bins[-1], wide.features["heat"].run) == (3000,) * 3


def test_categories_beyond_the_63_most_frequent_share_a_counter() -> None:
    """Rare and unseen categories share the last counter, and unseen ones are told apart."""
    names = [f"c{k:03d}" for k in range(100)]
    feature = msgspec.structs.replace(SIGNATURE.features[2], categories=tuple(names))
    signature = msgspec.structs.replace(SIGNATURE, features=(feature,))
    healthy = pl.DataFrame({"site": [name for k, name in enumerate(names) for _ in range(200 - k)]})
    given = pl.DataFrame({"prediction": ["no"] * healthy.height, "score_0": 0.9, "score_1": 0.1})
    made = edges(healthy, given, signature)
    assert made.features[0].own == tuple(range(63))
    window = pl.DataFrame({"site": ["c000", "c099", "new", None, "?"]})
    found = sketch(window, given[:5], made).features["site"]
    assert (found.bins[0], found.bins[-1], sum(found.bins)) == (1, 2, 3)
    assert (found.outside, found.missing) == (1, 2)


def test_what_should_not_be_there_is_counted() -> None:
    """An absent column, texts among numbers and infinities are missing, not errors, though the spec refuses them."""
    frame = rows(50, np.random.default_rng(5))
    given = answers(frame)
    assert sketch(frame.drop("heat", "when"), given, EDGES).features["heat"].missing == 50
    assert sketch(frame.with_columns(heat=pl.lit("hot")), given, EDGES).features["heat"].missing == 50
    assert sketch(frame.with_columns(heat=pl.lit(float("inf"))), given, EDGES).features["heat"].missing == 50


def test_times_and_latencies() -> None:
    """The first and last moment and the time that answers took are kept, and add up."""
    frame = rows(3, np.random.default_rng(6))
    at = [datetime(2026, 5, day, tzinfo=UTC) for day in (2, 1, 3)]
    told = answers(frame).with_columns(at=pl.Series(at), us=pl.Series([10.0, 33.0, 1e9]))
    found = sketch(frame, told, EDGES, errors=2)
    assert (found.since, found.until) == tuple(int(at[k].timestamp()) * 1_000_000 for k in (1, 2))
    assert [k for k, n in enumerate(found.latency) if n] == [0, 2, 15]
    both = add(found, sketch_of(frame))
    assert (both.since, both.until, both.latency, both.errors) == (found.since, found.until, found.latency, 2)


def test_only_equals_are_added() -> None:
    """Sketches of other edges or of another model are refused, and records survive JSON with the same hash."""
    frame = rows(100, np.random.default_rng(7))
    other = msgspec.structs.replace(EDGES, model="n")
    with pytest.raises(InputError, match="do not add up"):
        add(sketch_of(frame), sketch(frame, answers(frame), other))
    with pytest.raises(InputError, match="lack score_1"):
        sketch(frame, answers(frame).drop("score_1"), EDGES)
    found = sketch_of(frame)
    again = msgspec.json.decode(to_bytes(found), type=Sketch)
    assert (again, digest(again)) == (found, digest(found))
    assert found.edges == digest(EDGES)


def test_regression_counts_predictions() -> None:
    """Without classes the predictions are counted, between cuts of their own."""
    signature = msgspec.structs.replace(SIGNATURE, task="regression", classes=(), positive=None)
    frame = rows(1600, np.random.default_rng(8))
    given = frame.select(prediction=pl.col("score").cast(pl.Float64) * 100)
    made = edges(frame, given, signature)
    found = sketch(frame, given, made)
    assert found.scores == ((100,) * 16,)
    assert found.labels() == ()
