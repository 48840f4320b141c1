"""Rows against rows, where both are at hand: no sketch, no window, no history.

>>> from volvelle.model.signature import Feature
>>> healthy = pl.DataFrame({"t": [float(k) for k in range(100)]})
>>> [found] = compare(healthy, healthy + 50.0, (Feature(name="t", kind="number"),), ("kolmogorov_smirnov",))
>>> found.feature, found.test, found.found.effect, found.p < 1e-10
('t', 'kolmogorov_smirnov', 0.5, True)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from volvelle.catalog import DRIFT
from volvelle.model.signature import Feature
from volvelle.monitor.contract import DriftTest, Found, Takes
from volvelle.monitor.edges import Column, cuts, missing, values
from volvelle.monitor.records import OWN, Binned
from volvelle.monitor.sketch import outside
from volvelle.monitor.tails import adjusted

TESTS = ("kolmogorov_smirnov", "chi_square", "missing_rate", "out_of_range")
"""What is asked by default: each column by the test of its kind, and whether cells are missing or outside."""
MOST = 20_000
"""Of more rows a test of all columns together sees so many, drawn at random."""
_ORDER: tuple[Takes, ...] = ("values", "numbers", "categories", "missing", "outside")
"""What a test is given of a column, where it takes several."""
_NOMINAL = ("category", "boolean")
_SHOWN = 20
"""Categories of a column that a test of all columns together tells apart."""

Sides = tuple[NDArray[np.float64], NDArray[np.float64]] | tuple[NDArray[np.int64], NDArray[np.int64]]


class Compared(NamedTuple):
    """One column and one test, or a test of all columns together."""

    feature: str
    """Empty where all columns were looked at together."""
    test: str
    found: Found
    p: float | None
    """Corrected for the number of columns and tests (Benjamini and Hochberg); None of a mere effect size."""


def compare(
    reference: pl.DataFrame, now: pl.DataFrame, features: tuple[Feature, ...], tests: Sequence[str] = TESTS
) -> list[Compared]:
    """Each column by each test that its kind allows, and all columns together by those that take rows.

    A test that takes several things is given the values of a column, or else its counters, whose edges are quantiles
    of the reference. The rows are taken for independent; where they are not, compare sketches by `watch`.

    Raises:
        DataError: cells are not of their feature's kind.
        NotFound: there is no such test; near names are offered.
    """
    asked: list[tuple[str, DriftTest]] = [(name, DRIFT.load(name)) for name in tests]
    found: list[tuple[str, str, Found]] = []
    for feature in features:
        # One column at a time: all of them together are as large as the tables.
        sides = tuple(_own(feature, _cells(frame, feature)) for frame in (reference, now))
        given: dict[Takes, Sides | None] = {}
        for name, test in asked:
            takes = next((t for t in _ORDER if t in test.TAKES and _fits(feature, t)), None)
            if takes is None:
                continue
            if takes not in given:
                given[takes] = _sides(feature, takes, sides)
            if (both := given[takes]) is not None:
                found.append((feature.name, name, test.score(*both)))
    together = [(name, test) for name, test in asked if "rows" in test.TAKES]
    if together:
        columns = [{f.name: _cells(frame, f) for f in features} for frame in (reference, now)]
        before, after = _matrices(features, columns)
        found += [("", name, test.score(before, after)) for name, test in together]
    known = [f.p for _, _, f in found if f.p is not None]
    chances = iter(adjusted(known) if known else ())
    return [Compared(*entry, None if entry[2].p is None else float(next(chances))) for entry in found]


def counted(feature: Feature, before: Column, after: Column) -> tuple[tuple[float, ...], Sides]:
    """Cuts (none of categories) and rows by counter of both sides, missing ones left out."""
    sides = [_own(feature, side)[0] for side in (before, after)]
    if feature.kind in _NOMINAL:
        return (), _categories(feature, sides)
    ends = cuts(sides[0])
    counts = [np.bincount(np.searchsorted(ends, side, side="right"), minlength=len(ends) + 1) for side in sides]
    return ends, (counts[0], counts[1])


def _cells(frame: pl.DataFrame, feature: Feature) -> Column:
    return values(frame.select(feature.name), (feature,))[feature.name]


def _own(feature: Feature, column: Column) -> tuple[Column, NDArray[np.bool_]]:
    """Cells that are there, and which are missing."""
    gone = missing(feature, column)
    return column[~gone], gone


def _fits(feature: Feature, takes: Takes) -> bool:
    if takes == "outside":
        return feature.kind != "text"
    return takes == "missing" or (takes == "categories") == (feature.kind in _NOMINAL)


def _sides(feature: Feature, takes: Takes, sides: Sequence[tuple[Column, NDArray[np.bool_]]]) -> Sides | None:
    """What a test takes of both sides; None where neither tells them apart."""
    known = [column for column, _ in sides]
    if takes == "values":
        return known[0].astype(np.float64), known[1].astype(np.float64)
    if takes == "categories":
        return _categories(feature, known)
    if takes == "numbers":
        return counted(feature, *known)[1]
    if takes == "missing":
        marks = [gone for _, gone in sides]
    else:
        marks = _strange(known) if feature.kind in _NOMINAL else [_beyond(feature, column) for column in known]
    if not any(mark.any() for mark in marks):
        return None
    counts = [np.array([mark.sum(), len(mark) - mark.sum()]) for mark in marks]
    return counts[0], counts[1]


def _beyond(feature: Feature, known: Column) -> NDArray[np.bool_]:
    return outside(Binned(feature=feature), known, np.zeros(len(known), dtype=np.bool_))


def _strange(known: Sequence[Column]) -> list[NDArray[np.bool_]]:
    """Which rows of each side name a category that as many rows of the other side do not.

    Both sides are asked alike: of a column with many rare categories new ones come in any sample.
    """
    count = min(map(len, known))
    drawn = [np.random.default_rng(0).permutation(side)[:count] for side in known]
    return [~np.isin(drawn[0], drawn[1]), ~np.isin(drawn[1], drawn[0])]


def _categories(feature: Feature, known: Sequence[Column]) -> Sides:
    # Unseen categories (-2) get the counter behind all others.
    width = len(feature.categories) + 1
    counts = [np.bincount(np.where(side < 0, width - 1, side), minlength=width) for side in known]
    # The frequent ones of both sides: those of one side would be less frequent in the other by their choice alone.
    order = np.argsort(-(counts[0] + counts[1])[:-1], kind="stable")
    kept, rest = order[:OWN], np.append(order[OWN:], width - 1)
    folded = [np.append(side[kept], side[rest].sum()) for side in counts]
    return folded[0], folded[1]


def _matrices(
    features: Sequence[Feature], columns: Sequence[Mapping[str, Column]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both sides as numbers, ``[n, d]``: categories one by one, missing numbers as the reference's median."""
    parts: list[list[NDArray[np.float64]]] = [[], []]
    for feature in features:
        sides = [_drawn(side[feature.name]) for side in columns]
        gone = [missing(feature, side) for side in sides]
        if feature.kind in _NOMINAL:
            often = np.argsort(-np.bincount(sides[0][sides[0] >= 0], minlength=1), kind="stable")[:_SHOWN]
            made = [[(side == code).astype(np.float64) for code in often] for side in sides]
        else:
            known = sides[0][~gone[0]]
            middle = float(np.median(known)) if len(known) else 0.0
            made = [[np.where(mark, middle, side).astype(np.float64)] for side, mark in zip(sides, gone, strict=True)]
        if any(mark.any() for mark in gone):
            made = [[*line, mark.astype(np.float64)] for line, mark in zip(made, gone, strict=True)]
        for part, line in zip(parts, made, strict=True):
            part += line
    return np.column_stack(parts[0]), np.column_stack(parts[1])


def _drawn(column: Column) -> Column:
    """At most `MOST` rows; the same ones of every column of a side."""
    if len(column) <= MOST:
        return column
    return column[np.sort(np.random.default_rng(0).choice(len(column), MOST, replace=False))]
