"""Which rows are equal or belong together, and the hash of a row's own content."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from volvelle.prepare.identity import content_hashes, equal_rows, joined

values = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["x", "y", None]), st.sampled_from([0.0, -0.0, 1.5, None, float("nan")])
    ),
    min_size=1,
    max_size=40,
)


def table(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"a": pl.Int64, "row": pl.String, "c": pl.Float64}, orient="row")


def meaning(row: tuple[object, ...]) -> str:
    return repr(tuple(v + 0.0 if isinstance(v, float) else v for v in row))


@settings(max_examples=150, deadline=None)
@given(values)
def test_equal_rows_share_a_number_and_others_do_not(rows: list[tuple[object, ...]]) -> None:
    """The numbering is that of equal tuples, counted by first appearance; missing equals missing."""
    order: dict[str, int] = {}
    expected = [order.setdefault(meaning(r), len(order)) for r in rows]
    assert equal_rows(table(rows), ["a", "row", "c"]).tolist() == expected


def test_without_columns_every_row_is_its_own() -> None:
    """No feature says nothing about equality."""
    assert equal_rows(table([(1, "x", 0.0)] * 3), []).tolist() == [0, 1, 2]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), min_size=1, max_size=60))
def test_joined_is_the_transitive_closure(pairs: list[tuple[int, int]]) -> None:
    """Rows share a number exactly if a chain of equal keys or groups links them."""
    keys, groups = (
        np.unique(np.array(side), return_inverse=True)[1].astype(np.int64) for side in zip(*pairs, strict=True)
    )
    linked = (keys[:, None] == keys) | (groups[:, None] == groups)
    for _ in range(len(pairs).bit_length()):
        linked = linked @ linked
    found = joined(keys, groups)
    assert np.array_equal(found[:, None] == found, linked)
    assert set(found.tolist()) == set(range(int(found.max()) + 1))


@settings(max_examples=100, deadline=None)
@given(values)
def test_hash_depends_on_the_row_alone(rows: list[tuple[object, ...]]) -> None:
    """Alone, among others, or with columns in another order: a row has one hash, and equal rows have equal ones."""
    whole = content_hashes(table(rows), ["a", "row", "c"], 7)
    turned = content_hashes(table(rows).reverse(), ["c", "a", "row"], 7)[::-1]
    assert np.array_equal(whole, turned)
    for number, row in enumerate(rows):
        nan_is_missing = tuple(None if v != v else v for v in row)
        assert content_hashes(table([nan_is_missing]), ["a", "row", "c"], 7)[0] == whole[number]


def test_hashes_are_fixed_for_good() -> None:
    """The values themselves are pinned: they may not change with a library or a release."""
    frame = pl.DataFrame({"n": [1.5], "t": ["né"], "w": [datetime(2020, 1, 2, tzinfo=UTC)], "b": [True]})
    found = content_hashes(frame, ["n", "t", "w", "b"], 7)
    assert found.tolist() == [7642546012647787517]
    assert content_hashes(frame, ["n", "t", "w", "b"], 8).tolist() != found.tolist()


def test_whole_and_real_numbers_hash_alike() -> None:
    """A column that becomes real because data grew keeps the hashes of its whole rows."""
    whole, real = pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1.0, 2.0, 2.5]})
    assert content_hashes(whole, ["a"], 0).tolist() == content_hashes(real, ["a"], 0).tolist()[:2]


def test_both_zeros_are_one_number() -> None:
    """Minus zero equals zero, so it must hash alike and be the same row."""
    frame = pl.DataFrame({"a": [0.0, -0.0]})
    assert len(set(content_hashes(frame, ["a"], 0).tolist())) == 1
    assert equal_rows(frame, ["a"]).tolist() == [0, 0]


def test_hashes_are_spread_evenly() -> None:
    """Consecutive numbers fall evenly into 16 parts (chi-squared under the 0.1 % point of 15 degrees, 37.7)."""
    found = content_hashes(pl.DataFrame({"a": np.arange(16_000)}), ["a"], 3)
    counts = np.bincount((found >> np.uint64(60)).astype(np.int64), minlength=16)
    assert ((counts - 1000) ** 2 / 1000).sum() < 37.7
