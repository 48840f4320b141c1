"""Rows that are not learnt from, by the spec's own choice: only ever of the training side.

What is tested stays as the world delivers it, so no row of the test side is looked at here. Nothing is dropped unless
asked for: rows that are equal may well be several observations, and a row with one impossible cell still tells by its
others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from volvelle.errors import DataError
from volvelle.prepare.identity import equal_rows
from volvelle.spec.requirements import Drop, FeatureSpec


class Kept(NamedTuple):
    """The rows that stay, in their order, and how many went for which reason; a row that has both is a duplicate."""

    frame: pl.DataFrame
    duplicates: int
    invalid: int


def drop(
    frame: pl.DataFrame, columns: Sequence[str], declared: Mapping[str, FeatureSpec], reasons: Sequence[Drop]
) -> Kept:
    """The training rows without those that the spec does not want.

    Args:
        frame: training rows.
        columns: features and target; a row is a duplicate where it equals an earlier one in all of them.
        declared: what the spec declares about columns; a row is invalid where a feature's cell breaks it.
        reasons: which kinds of rows go.

    >>> rows = pl.DataFrame({"x": [1, 1, 300], "y": [0, 0, 1]})
    >>> kept = drop(rows, ["x", "y"], {"x": FeatureSpec(high=150)}, ("duplicates", "invalid"))
    >>> kept.frame.rows(), kept.duplicates, kept.invalid
    ([(1, 0)], 1, 1)

    Raises:
        DataError: no row is left.
    """
    again, wrong = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    if "duplicates" in reasons:
        again[:] = True
        again[np.unique(equal_rows(frame, columns), return_index=True)[1]] = False
    if "invalid" in reasons:
        for column in columns:
            if column in declared:
                wrong |= _invalid(frame[column], declared[column])
    stays = ~(again | wrong)
    if len(frame) and not stays.any():
        raise DataError(
            f"all {len(frame)} training rows are dropped: {again.sum()} duplicates, {(wrong & ~again).sum()} invalid",
            where="prepare.drop",
            next_move="check low, high and categories under [features]",
        )
    return Kept(frame.filter(stays), int(again.sum()), int((wrong & ~again).sum()))


def _invalid(cells: pl.Series, declared: FeatureSpec) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Cells outside the declared range or list, and missing ones where they are refused."""
    wrong = np.zeros(len(cells), dtype=bool)
    bounds = (declared.low, declared.high)
    if bounds != (None, None) and cells.dtype.is_numeric():
        low, high = (-np.inf if bounds[0] is None else bounds[0]), (np.inf if bounds[1] is None else bounds[1])
        wrong |= (~cells.is_between(low, high)).fill_null(value=False).to_numpy()
    if declared.categories and cells.dtype == pl.String:
        wrong |= (~cells.is_in(list(declared.categories))).fill_null(value=False).to_numpy()
    if declared.missing == "refuse":
        wrong |= cells.is_null().to_numpy()
    return wrong
