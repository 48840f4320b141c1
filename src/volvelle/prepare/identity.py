"""Who a row is: which rows are equal, which belong together, and a hash of a row's own content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Hashes = NDArray[np.uint64]
_NAN = np.array([np.nan]).view(np.uint64)[0]


def equal_rows(frame: pl.DataFrame, columns: Sequence[str]) -> Keys:
    """For each row the number of its class of rows equal in `columns`, counted from 0 by first appearance.

    Missing equals missing. Without columns every row is its own.

    >>> equal_rows(pl.DataFrame({"a": [1, 2, 1], "b": [None, "x", None]}), ["a", "b"]).tolist()
    [0, 1, 0]
    """
    if not columns:
        return np.arange(len(frame), dtype=np.int64)
    # Renamed by position, so that no column can be called like the row number.
    keys = pl.DataFrame([frame[c].alias(str(i)) for i, c in enumerate(columns)])
    # A row with a hash of its own is alone for certain; only the others are compared, value by value.
    _, place, times = np.unique(keys.hash_rows().to_numpy(), return_inverse=True, return_counts=True)
    shared = np.flatnonzero(times[place] > 1)
    first = np.arange(len(frame), dtype=np.int64)
    candidates = keys[shared].with_columns(pl.Series("row", shared))
    first[shared] = candidates.select(pl.col("row").first().over(keys.columns))["row"].to_numpy()
    return _dense(first)


def joined(keys: Keys, groups: Keys) -> Keys:
    """The finest numbering in which rows that share a key or a group share a number.

    Connected components by repeated hooking to the smaller number and pointer jumping (Shiloach and Vishkin,
    An O(log n) parallel connectivity algorithm, J. Algorithms 3, 1982).

    >>> joined(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    _, first = np.unique(keys, return_index=True)
    one, other = groups, groups[first][np.unique(keys, return_inverse=True)[1]]
    edges = np.unique(np.stack([one, other])[:, one != other], axis=1)
    parent = np.arange(int(groups.max()) + 1, dtype=np.int64)
    while True:
        here, there = parent[edges[0]], parent[edges[1]]
        if (here == there).all():
            return _dense(parent[groups])
        np.minimum.at(parent, np.maximum(here, there), np.minimum(here, there))
        while (parent != parent[parent]).any():
            parent = parent[parent]


def content_hashes(frame: pl.DataFrame, columns: Sequence[str], seed: int) -> Hashes:
    """A 64-bit hash of each row's own content: values of `columns` by name, whatever their order.

    It depends on nothing else: no other row, no library version. Whole and real numbers of equal value hash alike,
    so a column that becomes real as data grow keeps its hashes. Mixing: the finaliser of SplitMix64 (Steele, Lea and
    Flood, Fast splittable pseudorandom number generators, OOPSLA 2014); texts by BLAKE2b.
    """
    total = np.zeros(len(frame), dtype=np.uint64)
    for column in columns:
        total += _mix(_mix(_values(frame[column])) ^ _text(column))
    return _mix(total ^ _text(f"seed {seed}"))


def _values(series: pl.Series) -> Hashes:
    kind = series.dtype
    if kind.is_numeric() or kind == pl.Boolean:
        numbers = series.cast(pl.Float64).to_numpy() + 0.0  # minus zero becomes zero, missing NaN
        return np.where(np.isnan(numbers), _NAN, numbers.view(np.uint64))
    if isinstance(kind, pl.Datetime):
        return np.asarray(series.dt.epoch("us").fill_null(-(2**63)).to_numpy().astype(np.int64).view(np.uint64))
    texts = series.cast(pl.String)
    different = texts.drop_nulls().unique()
    hashes = pl.Series([int(_text(t)) for t in different], dtype=pl.UInt64)
    found = texts.replace_strict(different, hashes, default=None, return_dtype=pl.UInt64)
    return np.asarray(found.fill_null(int(_NAN)).to_numpy().astype(np.uint64))


def _text(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def _mix(x: Hashes) -> Hashes:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _dense(numbers: Keys) -> Keys:
    """The same numbering without gaps, by ascending number."""
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64).reshape(-1)
