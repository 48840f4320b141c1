"""Single answers: each taken apart with the words of its texts, and which rows of the test side are worth a look.

Looked at are the row whose answer is furthest off, a typical one and the closest. How far off an answer is, is the size
of the error of a value, and one minus the probability of the class that was true.

>>> telling(np.array([0.3, 0.1, 0.9]))
{'furthest off': 2, 'typical': 0, 'closest': 1}
"""

from __future__ import annotations

import numpy as np
import polars as pl
from msgspec import structs
from numpy.typing import NDArray

from volvelle.evaluate.contract import Side
from volvelle.evaluate.explain.attribution import attribute
from volvelle.evaluate.explain.records import Attribution, Which
from volvelle.evaluate.explain.shipped import Inputs, Shipped, chosen, sample
from volvelle.evaluate.explain.spoken import spoken

BACKGROUND = 100
"""Training rows that a row is held against."""


def taken_apart(shipped: Shipped, rows: pl.DataFrame, training: pl.DataFrame, seed: int) -> tuple[Attribution, ...]:
    """The answers for raw rows, each against `BACKGROUND` of the training side.

    Raises:
        DataError: a row does not fit the model's signature.
    """
    background = shipped.encode(training[sample(len(training), BACKGROUND, seed)])
    inputs = shipped.encode(rows)
    return tuple(
        _one(shipped, rows[at : at + 1], chosen(inputs, slice(at, at + 1)), background, seed) for at in range(len(rows))
    )


def _one(shipped: Shipped, row: pl.DataFrame, inputs: Inputs, background: Inputs, seed: int) -> Attribution:
    found = attribute(shipped, inputs, background, seed)
    k = shipped.names.index(found.of) if found.of else 0
    return structs.replace(found, words=spoken(shipped, row, inputs, k))


def off(side: Side) -> NDArray[np.float64]:
    """How far off each answer is, ``[n]``: between 0 and 1 for classes, in the unit of the target for values."""
    if side.scores.shape[1] == 1:
        return np.abs(side.y - side.scores[:, 0])
    return np.asarray(1.0 - side.scores[np.arange(len(side.y)), side.y.astype(np.int64)])


def telling(far: NDArray[np.float64]) -> dict[Which, int]:
    """Positions of the rows that are worth a look; fewer than three of fewer rows."""
    order = np.argsort(far, kind="stable").tolist()
    named: dict[Which, int] = {"furthest off": order[-1], "typical": order[(len(order) - 1) // 2], "closest": order[0]}
    seen = list(named.values())
    return {which: at for place, (which, at) in enumerate(named.items()) if at not in seen[:place]}
