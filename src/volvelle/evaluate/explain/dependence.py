"""Partial dependence: the mean answer when one column is set to a value in every row.

Numbers and times are set to up to 20 quantiles of the test rows, categories to their 12 most frequent
values. The band around the mean holds the middle half of the rows, each moved so that its own mean lies on the mean
of all: a wide band says that the column's effect depends on others. Where columns go together, some of the
rows made here could never occur. A text has no such curve.

Reference: Friedman, Greedy function approximation, Annals of Statistics 29, 2001; the moved rows:
Goldstein et al., Journal of Computational and Graphical Statistics 24, 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.explain.records import Dependence
from volvelle.evaluate.explain.shipped import Inputs, Place, Shipped, cell_text, chosen, replaced, sample
from volvelle.model.signature import MISSING_TIME

MOST_ROWS, POINTS, CATEGORIES = 300, 20, 12


def dependences(shipped: Shipped, inputs: Inputs, columns: Sequence[str], seed: int = 0) -> tuple[Dependence, ...]:
    """The partial dependence of some columns, in the order in which they are named.

    Of the probability of the positive class, of the value, or, with more classes, of the class that moves most.
    """
    rows = len(next(iter(inputs.values())))
    if not rows:
        return ()
    few = chosen(inputs, sample(rows, shipped.affordable(min(rows, MOST_ROWS), len(columns) * POINTS), seed))
    places = {p.feature.name: p for p in shipped.places()}
    found = []
    for column in columns:
        place = places[column]
        if place.tensor == "words":
            continue
        cells = _grid(inputs[place.tensor][:, place.at], place)
        if len(cells) > 1:
            scores = np.stack([shipped.answers(replaced(few, place, cell))[1] for cell in cells])
            found.append(_dependence(shipped, place, cells, scores))
    return tuple(found)


def _dependence(shipped: Shipped, place: Place, cells: NDArray[Any], scores: NDArray[np.float64]) -> Dependence:
    """`scores` is ``[points, rows, classes]``."""
    mean = scores.mean(axis=1)
    two = shipped.signature.task == "binary"
    k = 1 if two else int(np.ptp(mean, axis=0).argmax())
    bent = scores[:, :, k] - scores[:, :, k].mean(axis=0)
    low, high = np.quantile(bent, (0.25, 0.75), axis=1) + scores[:, :, k].mean()
    low, high = np.minimum(low, mean[:, k]), np.maximum(high, mean[:, k])
    numeric = place.tensor != "codes"
    return Dependence(
        column=place.feature.name,
        of=shipped.names[k] if shipped.names else "",
        at=tuple(float(c) for c in cells) if numeric else (),
        labels=() if numeric else tuple(cell_text(place, c) for c in cells),
        time=place.tensor == "times",
        mean=tuple(float(v) for v in mean[:, k]),
        low=tuple(float(v) for v in low),
        high=tuple(float(v) for v in high),
    )


def _grid(cells: NDArray[Any], place: Place) -> NDArray[Any]:
    """The values that a column is set to."""
    if place.tensor == "codes":
        known, counts = np.unique(cells, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:CATEGORIES]
        return np.asarray(known[order])
    known = cells[~np.isnan(cells)] if place.tensor == "numbers" else cells[cells != MISSING_TIME]
    if not len(known):
        return np.asarray(known)
    distinct = np.unique(known)
    if len(distinct) <= POINTS:
        return distinct
    # Quantiles that are values of the data: the outermost hundredths are left to outliers.
    found = np.unique(np.quantile(known, np.linspace(0.01, 0.99, POINTS), method="nearest"))
    # Where most rows share one value, quantiles of the distinct values show the rest of the column.
    few = len(found) < POINTS // 2
    return np.unique(np.quantile(distinct, np.linspace(0.01, 0.99, POINTS), method="nearest")) if few else found
