"""Sampled Shapley values: columns of a row put into background rows in random orders.

Every background row is used equally often and every order is also walked backwards, so the parts add up to
the answer exactly and vary less; the intervals are those of the mean over pairs of orders.

Reference: Castro, Gómez and Tejada, Computers and Operations Research 36, 2009; antithetic orders:
Mitchell, Cooper, Frank and Holmes, JMLR 23, 2022.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from volvelle.evaluate.explain.shipped import Inputs, Shipped
from volvelle.evaluate.proportions import student

PAIRS = 100
"""Orders walked both ways, at most."""


def sampled(
    shipped: Shipped, row: Inputs, background: Inputs, answer: Callable[[Inputs], NDArray[np.float64]], seed: int
) -> tuple[float, list[tuple[float, float | None, float | None]]]:
    """The mean answer of the background, and the amount of each column with its 95 % interval."""
    places = shipped.places()
    rows = len(next(iter(background.values())))
    pairs = shipped.affordable(PAIRS, 2 * (len(places) + 1))
    rng = np.random.default_rng(seed)
    base = float(answer(background).mean())
    # The correction below makes the sum exact however the background rows fall.
    drawn = rng.permutation(np.resize(np.arange(rows), pairs))
    amounts = np.zeros((pairs, len(places)))
    for pair, number in enumerate(drawn):
        order = rng.permutation(len(places))
        for walked in (order, order[::-1]):
            steps = {t: np.repeat(m[[number]], len(places) + 1, axis=0) for t, m in background.items()}
            for step, column in enumerate(walked):
                place = places[column]
                steps[place.tensor][step + 1 :, place.at] = row[place.tensor][0, place.at]
            amounts[pair, walked] += np.diff(answer(steps)) / 2
    mean = amounts.mean(axis=0)
    spread = amounts.std(axis=0, ddof=1) / np.sqrt(pairs)
    missing = float(answer(row)[0]) - base - float(mean.sum())
    total = float(spread.sum())
    mean += missing * (spread / total if total > 0 else np.full(len(places), 1 / len(places)))
    reach = student(0.95, pairs - 1) * spread
    return base, [(float(m), float(m - r), float(m + r)) for m, r in zip(mean, reach, strict=True)]
