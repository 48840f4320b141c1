"""Rows against rows, column by column, where both are at hand: no sketch, no window, no history.

>>> from volvelle.model.signature import Feature
>>> healthy = pl.DataFrame({"t": [float(k) for k in range(100)]})
>>> [found] = compare(healthy, healthy + 50.0, (Feature(name="t", kind="number"),))
>>> found.feature, found.test, found.found.effect, found.p < 1e-10
('t', 'kolmogorov_smirnov', 0.5, True)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from volvelle.catalog import DRIFT
from volvelle.model.signature import Feature
from volvelle.monitor.contract import DriftTest, Found
from volvelle.monitor.edges import Column, missing, values
from volvelle.monitor.tails import adjusted


class Compared(NamedTuple):
    """One column, compared."""

    feature: str
    test: str
    found: Found
    p: float
    """Corrected for the number of columns (Benjamini and Hochberg)."""


def compare(reference: pl.DataFrame, now: pl.DataFrame, features: tuple[Feature, ...]) -> list[Compared]:
    """Kolmogorov and Smirnov's test of numbers, times and lengths of texts, chi-square of categories.

    The rows are taken for independent; where they are not, compare sketches by `watch`.

    Raises:
        DataError: cells are not of their feature's kind.
    """
    found = []
    for feature in features:
        sides = [
            _known(feature, values(frame.select(feature.name), (feature,))[feature.name]) for frame in (reference, now)
        ]
        name = "chi_square" if feature.categories else "kolmogorov_smirnov"
        if feature.categories:
            # Unseen categories (-2) get the counter behind all others.
            width = len(feature.categories) + 1
            sides = [np.bincount(np.where(side < 0, width - 1, side), minlength=width) for side in sides]
        test: DriftTest = DRIFT.load(name)
        found.append((feature.name, name, test.score(*sides)))
    chances = adjusted([1.0 if f.p is None else f.p for _, _, f in found])
    return [Compared(*entry, float(p)) for entry, p in zip(found, chances, strict=True)]


def _known(feature: Feature, column: Column) -> Column:
    return column[~missing(feature, column)]
