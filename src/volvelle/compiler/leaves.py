"""What the leaves of trees add, as whole numbers where that is exact."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from volvelle.compiler.forest import LEAF, Forest

Term = tuple[int, int]
"""Target and value."""


@dataclass(frozen=True, slots=True)
class Values:
    """What leaves add.

    Attributes:
        unit: they are multiples of this power of two; 0 where they are the bits of a float32.
        of: leaf node to its terms.
    """

    unit: float
    of: dict[int, tuple[Term, ...]]


def whole_values(forest: Forest) -> Values:
    """What leaves add, as multiples of the largest power of two that divides them all, if sums of them fit 31 bits.

    Whole numbers may be added in any order, and cheaply on a core without a floating-point unit.
    """
    weights = np.asarray([w for adds in forest.adds.values() for _, w in adds], dtype=np.float64)
    largest = sum(
        max((sum(abs(float(w)) for _, w in forest.adds[n]) for n in leaves(forest, root)), default=0.0)
        for root in forest.roots
    )
    unit = 2.0 ** (ceil(log2(largest)) - 24) if 0 < largest < np.inf else 1.0
    exact = bool(np.isfinite(weights).all()) and bool((weights / unit == np.rint(weights / unit)).all())
    if exact and unit > 2.0**-126:
        while weights.any() and bool((weights / (2 * unit) == np.rint(weights / (2 * unit))).all()):
            unit *= 2
        return Values(unit, {n: tuple((t, round(float(w) / unit)) for t, w in a if w) for n, a in forest.adds.items()})
    bits = {n: tuple((t, int(w.view(np.int32))) for t, w in a) for n, a in forest.adds.items()}
    return Values(0.0, bits)


def leaves(forest: Forest, root: int) -> list[int]:
    """The leaves of a tree, from yes to no."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if forest.feature[node] == LEAF:
            found.append(node)
        else:
            waiting += [int(forest.no[node]), int(forest.yes[node])]
    return found


def turns(forest: Forest, values: Values) -> bool:
    """Whether tree k adds to sum k modulo the targets and to no other, so that leaves need not name it."""
    return all(
        len(values.of[n]) <= 1 and all(t == number % forest.targets for t, _ in values.of[n])
        for number, root in enumerate(forest.roots)
        for n in leaves(forest, root)
    )
